// Package site copies an event's public pages into a zip that works from a disk, without a server: for an archive, or another web server.
//
// The pages are those that the server itself answers. What needs the server is left out (forms, buttons, scripts, and what the templates mark with
// data-uncopied, because it is true at this moment only), links to what is copied become relative, and those to the rest lead to the live site.
package site

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"turnout"
	"turnout/events"
	"turnout/templates"
)

// ErrNotPublic says that an event has no public pages yet.
var ErrNotPublic = &turnout.Error{Kind: turnout.Conflict, Code: "not_public", Message: "This event has no public page yet. Publish it first."}

// Copier copies the sites of events, one at a time: a large one takes a processor for seconds.
type Copier struct {
	Handler http.Handler // answers what is copied
	BaseURL string       // of the live site, without a slash at its end
	Words   *templates.Set

	once sync.Once
	turn chan struct{} // holds one who copies
}

// mostPages bounds the memory: a site of that many is no event's.
const mostPages = 20_000

// Write writes the public site of an event in a language as a zip. The same site gives the same bytes. What fails after the first byte leaves a zip without its
// end. It waits until the copies before it are written. Error: ErrNotPublic.
func (c *Copier) Write(ctx context.Context, w io.Writer, e *events.Event, lang string) error {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	c.once.Do(func() { c.turn = make(chan struct{}, 1) })
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("site: %w", ctx.Err())
	}
	defer func() { <-c.turn }()
	k := &copying{Copier: c, ctx: context.WithValue(stranger{ctx}, mark{}, true), base: base, root: "/e/" + e.Slug, lang: lang, at: e.UpdatedAt,
		pages: map[string]*page{}, names: map[string]bool{}, files: map[string]string{}}
	if err := k.gather(); err != nil {
		return err
	}
	k.zip = zip.NewWriter(w)
	k.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for _, p := range k.order {
		if err := k.write(p); err != nil {
			return err
		}
	}
	for _, address := range k.data() {
		if _, err := k.file(address); err != nil {
			return err
		}
	}
	return k.zip.Close()
}

// stranger is a context that says nothing of who asks: the pages are those that everybody sees.
type stranger struct{ context.Context }

func (stranger) Value(any) any { return nil }

type mark struct{}

// Copying reports whether a request is one of a copier's own, which nobody wants a line in the log of.
func Copying(ctx context.Context) bool { return ctx.Value(mark{}) != nil }

// copying is one site being copied.
type copying struct {
	*Copier
	ctx   context.Context
	base  *url.URL
	root  string // the path of the event's page
	lang  string
	at    time.Time // the date of the files
	zip   *zip.Writer
	pages map[string]*page // by address; those that there are
	order []*page
	names map[string]bool   // in the zip, in lower case: some disks tell no more apart
	files map[string]string // names by address; "" where there is no such file
}

// page is one page as the server answered it.
type page struct {
	address string // path and query
	name    string // in the zip
	packed  []byte // its body, compressed: all pages are read before the first is written
}

// pack compresses a page's body.
func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	return bytes.Clone(out.Bytes()), err
}

// open reads the body of a page.
func (p *page) open() io.Reader { return flate.NewReader(bytes.NewReader(p.packed)) }

// gather finds the pages, from the event's own along the links.
func (k *copying) gather() error {
	queue := []string{k.root}
	seen := map[string]bool{k.root: true}
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		status, header, body, err := k.get(address)
		if err != nil {
			return err
		}
		if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
			if address == k.root {
				return ErrNotPublic
			}
			continue // a link to what is gone leads to the live site, which says so
		}
		packed, err := pack(body)
		if err != nil {
			return fmt.Errorf("site: %s: %w", address, err)
		}
		p := &page{address: address, name: k.pageName(address), packed: packed}
		k.pages[address], k.order = p, append(k.order, p)
		if len(k.order) > mostPages {
			return fmt.Errorf("site: more than %d pages", mostPages)
		}
		links, err := k.links(p)
		if err != nil {
			return err
		}
		for _, link := range links {
			if !seen[link] {
				seen[link] = true
				queue = append(queue, link)
			}
		}
	}
	return nil
}

// answer takes what a handler answers.
type answer struct {
	header http.Header
	status int
	body   []byte
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = cmp.Or(a.status, status) }

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

// get asks the server for what a stranger sees.
func (k *copying) get(address string) (status int, header http.Header, body []byte, err error) {
	if err := k.ctx.Err(); err != nil {
		return 0, nil, nil, err
	}
	r, err := http.NewRequestWithContext(k.ctx, http.MethodGet, k.BaseURL+address, http.NoBody)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("site: %w", err)
	}
	r.Header.Set("Accept-Language", k.lang)
	r.RemoteAddr = "127.0.0.1:0"
	a := &answer{header: http.Header{}}
	k.Handler.ServeHTTP(a, r)
	if a.status >= http.StatusInternalServerError {
		return 0, nil, nil, fmt.Errorf("site: %s: %d", r.URL.Path, a.status)
	}
	return a.status, a.header, a.body, nil
}

// isPage reports whether an address is that of a page that is copied. Those of a track or a search are not: they are parts of others.
func (k *copying) isPage(u *url.URL) bool {
	rest, ok := strings.CutPrefix(u.Path, k.root)
	query := u.Query()
	if rest == "/schedule" {
		query.Del("day")
		query.Del("view")
	}
	if !ok || len(query) > 0 {
		return false
	}
	switch folder, name := path.Split(rest); {
	case rest == "", rest == "/schedule", rest == "/schedule/changes", rest == "/speakers":
		return true
	case folder == "/schedule/":
		return path.Ext(name) == "" && name != "now"
	default:
		return folder == "/speakers/"
	}
}

// pageName gives a page's name in the zip.
func (k *copying) pageName(address string) string {
	u, _ := url.Parse(address) // isPage has read it
	rest := strings.TrimPrefix(u.Path, k.root)
	switch folder, name := path.Split(rest); {
	case rest == "":
		return k.unused("index", ".html")
	case rest == "/schedule":
		parts := "schedule"
		for _, key := range []string{"day", "view"} {
			if value := u.Query().Get(key); value != "" {
				parts += "-" + plain(value)
			}
		}
		return k.unused(parts, ".html")
	case folder == "/schedule/" && name != "changes":
		return k.unused("sessions/"+plain(name), ".html")
	case folder == "/speakers/":
		return k.unused("speakers/"+plain(name), ".html")
	default:
		return k.unused(plain(name), ".html")
	}
}

// isFile reports whether an address is that of a file which pages show or offer.
func (k *copying) isFile(u *url.URL) bool {
	for _, prefix := range []string{templates.StaticPrefix, "/theme/", "/pictures/", k.root + "/slides/"} {
		if strings.HasPrefix(u.Path, prefix) {
			return true
		}
	}
	switch strings.TrimPrefix(u.Path, k.root) {
	case "/schedule.ics", "/schedule.pdf", "/calendar.ics", "/schedule/changes.atom":
		return strings.HasPrefix(u.Path, k.root)
	}
	return u.Path == "/favicon.ico"
}

// data lists what programs read: no page offers it.
func (k *copying) data() (addresses []string) {
	if _, released := k.files[k.root+"/schedule.ics"]; released {
		for _, format := range []string{"json", "xml", "csv"} {
			addresses = append(addresses, "/api/v1/events/"+strings.TrimPrefix(k.root, "/e/")+"/schedule."+format)
		}
	}
	return addresses
}

// file copies a file once and gives its name in the zip, "" where there is none.
func (k *copying) file(address string) (string, error) {
	if name, known := k.files[address]; known {
		return name, nil
	}
	status, header, body, err := k.get(address)
	if err != nil || status != http.StatusOK {
		k.files[address] = ""
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("site: %w", err)
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	own := path.Base(u.Path)
	if _, said, err := mime.ParseMediaType(header.Get("Content-Disposition")); err == nil && said["filename"] != "" {
		own = said["filename"] // what it is called when it is saved
	}
	extension := strings.ToLower(cmp.Or(extensions[kind], path.Ext(own)))
	stem := plain(strings.TrimSuffix(own, path.Ext(own)))
	query := u.Query()
	for _, key := range slices.Sorted(maps.Keys(query)) {
		stem += "-" + plain(query.Get(key))
	}
	name := k.unused("files/"+stem, extension)
	k.files[address] = name
	if kind == "text/css" {
		if body, err = k.css(u, body); err != nil {
			return "", err
		}
	}
	return name, k.add(name, body)
}

// extensions by which a browser knows a file on a disk, for those whose address has none.
var extensions = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "image/svg+xml": ".svg",
	"application/pdf": ".pdf", "text/css": ".css", "text/calendar": ".ics", "application/atom+xml": ".atom"}

// add writes a file into the zip.
func (k *copying) add(name string, body []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: k.at.UTC()}
	header.SetMode(0o644)
	w, err := k.zip.CreateHeader(header)
	if err == nil {
		_, err = w.Write(body)
	}
	if err != nil {
		return fmt.Errorf("site: %s: %w", name, err)
	}
	return nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)

// plain gives a part of an address as a part of a name that every disk takes: itself, or what stands for it.
func plain(part string) string {
	if len(part) <= 80 && plainName.MatchString(part) {
		return part
	}
	return short(part)
}

func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// unused gives a name that no other file has.
func (k *copying) unused(stem, extension string) string {
	name := stem + extension
	for i := 2; k.names[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s-%d%s", stem, i, extension)
	}
	k.names[strings.ToLower(name)] = true
	return name
}
