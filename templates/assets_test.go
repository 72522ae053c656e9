package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

func TestTheManifestNamesFilesThatAreThere(t *testing.T) {
	s := newSet(t)
	for plain, hashed := range s.assets {
		if _, err := fs.Stat(Static(), hashed); err != nil {
			t.Errorf("%s: %v", plain, err)
		}
		if strings.HasPrefix(hashed, "dist/") && len(strings.Split(path.Base(hashed), ".")) != 3 {
			t.Errorf("%s carries no hash, so it must not be cached for ever", hashed)
		}
	}
	if s.Asset("site.css") == "" || s.Asset("none.css") != "" {
		t.Error("Asset answers wrongly")
	}
}

func TestVendoredFilesAreTheOnesThatWerePinned(t *testing.T) {
	sums, err := fs.Glob(Static(), "vendor/*/SHA256SUMS")
	if err != nil || len(sums) < 3 {
		t.Fatalf("%v, %v", sums, err)
	}
	for _, list := range sums {
		raw, err := fs.ReadFile(Static(), list)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			body, err := fs.ReadFile(Static(), path.Join(path.Dir(list), name))
			if err != nil {
				t.Error(err)
				continue
			}
			if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
				t.Errorf("%s was changed", path.Join(path.Dir(list), name))
			}
		}
		if _, err := fs.Stat(Static(), path.Join(path.Dir(list), "LICENSE")); err != nil {
			t.Error(err)
		}
	}
}

func TestTheBuiltFilesAreThoseOfTheSources(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../tools.mod", "esbuild", "--version").CombinedOutput(); err != nil {
		t.Skipf("esbuild cannot be had here, so nobody compared dist with its sources: %v %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./static/build", "-check")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}
