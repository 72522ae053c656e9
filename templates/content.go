package templates

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/url"
	"strings"
	"sync"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/skip2/go-qrcode"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

var markdownReader = goldmark.New(goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table))

// markdownPolicy lets through what goldmark makes of plain markdown and nothing that could run, load or restyle:
// pictures would ask other hosts, so they are left out.
var markdownPolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li",
		"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	return p
}()

// demote keeps the page's own h1 and h2 above the headings that people write into texts.
var demote = strings.NewReplacer("<h1>", "<h3>", "</h1>", "</h3>", "<h2>", "<h3>", "</h2>", "</h3>", "<h3>", "<h4>", "</h3>", "</h4>",
	"<h4>", "<h5>", "</h4>", "</h5>", "<h5>", "<h6>", "</h5>", "</h6>", `rel="nofollow"`, `rel="noopener nofollow"`,
	"<th></th>", "<td></td>") // the empty corner of a table heads nothing

// markdown turns text that somebody typed into safe HTML.
func markdown(text string) (template.HTML, error) {
	var b bytes.Buffer
	if err := markdownReader.Convert([]byte(text), &b); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	return template.HTML(demote.Replace(markdownPolicy.Sanitize(b.String()))), nil //nolint:gosec // sanitised in this line
}

var icons = sync.OnceValue(func() map[string]template.HTML {
	all := map[string]template.HTML{}
	for _, name := range namesIn("icons", ".svg") {
		raw, _ := files.ReadFile("icons/" + name + ".svg") // embedded: it is there
		_, body, _ := strings.Cut(string(raw), "\n>")
		body, _, _ = strings.Cut(body, "</svg>")
		all[name] = template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">` + //nolint:gosec // our own files
			strings.Join(strings.Fields(strings.ReplaceAll(body, " />", "/>")), " ") + `</svg>`)
	}
	return all
})

// icon gives a Lucide icon as inline SVG, hidden from screen readers: a word always stands beside it.
func icon(name string) (template.HTML, error) {
	svg, ok := icons()[name]
	if !ok {
		return "", fmt.Errorf("no icon %q in templates/icons", name)
	}
	return svg, nil
}

// qr draws a code as SVG at error correction level M with the four quiet modules that ISO/IEC 18004 asks for. Dark runs
// of a row are one rectangle each. It stays black on white in every theme, because scanners want it so.
func qr(code string) (template.HTML, error) {
	q, err := qrcode.New(code, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("qr: %w", err)
	}
	rows := q.Bitmap()
	var path strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); {
			run := 0
			for x+run < len(row) && row[x+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x, y, run, run)
			}
			x += run + 1
		}
	}
	return template.HTML(fmt.Sprintf( //nolint:gosec // numbers only
		`<svg class="qr" viewBox="0 0 %d %d" shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		len(rows), len(rows), len(rows), len(rows), path.String())), nil
}

// initials are the first letters of the first and last word of a name, for a face without a picture.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return "·"
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 && unicode.In(first[0], unicode.Latin, unicode.Cyrillic, unicode.Greek) {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// variant chooses one of six looks (0–5) by a name, always the same one.
func variant(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return int(h.Sum32() % 6)
}

// host is the readable part of an address: "https://www.example.org/x" → "example.org".
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// mapLink is a link to the place on OpenStreetMap: a link that people follow, never something that the page loads.
func mapLink(place ...string) string {
	var parts []string
	for _, p := range place {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return "https://www.openstreetmap.org/search?query=" + url.QueryEscape(strings.Join(parts, ", "))
}

// webcal marks the address of a calendar feed as a link that html/template may print; any scheme but webcal and http(s) gives "#".
func webcal(address string) template.URL {
	for _, scheme := range []string{"webcal://", "https://", "http://", "/"} {
		if strings.HasPrefix(address, scheme) {
			return template.URL(address) //nolint:gosec // its scheme was just looked at
		}
	}
	return "#"
}

// inLanguage is a path of this site, with or without a query, in another language.
func inLanguage(path, lang string) string {
	if strings.Contains(path, "?") {
		return path + "&lang=" + lang
	}
	return path + "?lang=" + lang
}
