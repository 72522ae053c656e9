package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
)

//go:embed static/dist static/vendor
var static embed.FS

// StaticPrefix is the path under which [Static] is served.
const StaticPrefix = "/static/"

// Static gives the built and the vendored files. Every name in it carries a hash or a version, so all of it can be served
// as immutable for a year.
func Static() fs.FS {
	sub, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// loadManifest reads the names that the build gave to the assets: "site.css" → "dist/site.ABCD1234.css".
func loadManifest() (map[string]string, error) {
	raw, err := static.ReadFile("static/dist/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	manifest := map[string]string{}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("templates: manifest.json: %w", err)
	}
	return manifest, nil
}

// asset gives the path of a built or vendored file by its plain name: "site.css", "htmx.js".
func (s *Set) asset(name string) (string, error) {
	hashed, ok := s.assets[name]
	if !ok {
		return "", fmt.Errorf("no asset %q in manifest.json: run go generate in templates", name)
	}
	return StaticPrefix + hashed, nil
}

// Asset is asset for Go callers (a service worker's list, a preload header); "" when there is no such file.
func (s *Set) Asset(name string) string {
	path, err := s.asset(name)
	if err != nil {
		return ""
	}
	return path
}

// DoorVersion names what the door's page is made of, its script among it: a phone that says another one shows an old page.
func (s *Set) DoorVersion() string {
	hash := sha256.New()
	for _, name := range []string{"door.js", "door.css"} {
		hash.Write([]byte(s.Asset(name)))
	}
	for _, name := range []string{"layouts/door.html", "partials/door.html", "pages/door_scanner.html"} {
		text, _ := files.ReadFile(name) // embedded: it is there
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:4])
}
