package site

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	tree "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// links gives the addresses of the pages that a page leads to.
func (k *copying) links(p *page) ([]string, error) {
	doc, err := k.parse(p)
	if err != nil {
		return nil, err
	}
	var found []string
	for n := range doc.Descendants() {
		if n.DataAtom == atom.A {
			if u := k.ours(p.address, attribute(n, "href")); u != nil && k.isPage(u) {
				found = append(found, addressOf(u))
			}
		}
	}
	return found, nil
}

// parse reads a page without what needs the server.
func (k *copying) parse(p *page) (*tree.Node, error) {
	doc, err := tree.Parse(p.open())
	if err != nil {
		return nil, fmt.Errorf("site: %s: %w", p.address, err)
	}
	var gone []*tree.Node
	for n := range doc.Descendants() {
		if n.Type == tree.ElementNode && needsServer(n) {
			gone = append(gone, n)
		}
	}
	for _, n := range gone {
		n.Parent.RemoveChild(n)
	}
	return doc, nil
}

// needsServer reports whether an element does nothing, or says what is not true any more, in a copy.
func needsServer(n *tree.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Form, atom.Button, atom.Input, atom.Select, atom.Textarea, atom.Base:
		return true
	case atom.Link:
		return slices.Contains([]string{"preload", "modulepreload", "manifest"}, attribute(n, "rel"))
	case atom.Meta:
		return attribute(n, "name") == "htmx-config"
	}
	return slices.ContainsFunc(n.Attr, func(a tree.Attribute) bool { return a.Key == "data-uncopied" }) ||
		slices.Contains(strings.Fields(attribute(n, "class")), "only-js")
}

func attribute(n *tree.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

// ours resolves a link of a page, nil when it leads to another site or to a place of the page itself.
func (k *copying) ours(from, link string) *url.URL {
	u, err := url.Parse(link)
	if err != nil || link == "" || strings.HasPrefix(link, "#") {
		return nil
	}
	at, err := k.base.Parse(from)
	if err != nil {
		return nil
	}
	if u = at.ResolveReference(u); u.Scheme != k.base.Scheme || u.Host != k.base.Host {
		return nil
	}
	return u
}

// addressOf is the path and query of an address, the query in order.
func addressOf(u *url.URL) string {
	address := u.EscapedPath()
	if query := u.Query().Encode(); query != "" {
		address += "?" + query
	}
	return address
}

// write writes a page with its links changed; the files that it shows are written before it.
func (k *copying) write(p *page) error {
	doc, err := k.parse(p)
	if err != nil {
		return err
	}
	var main *tree.Node
	for n := range doc.Descendants() {
		if n.Type != tree.ElementNode {
			continue
		}
		if n.DataAtom == atom.Main {
			main = n
		}
		if err := k.rewrite(p, n); err != nil {
			return err
		}
	}
	if main == nil {
		return fmt.Errorf("site: %s has no main part", p.address)
	}
	if err := k.note(p, main); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := tree.Render(&out, doc); err != nil {
		return fmt.Errorf("site: %s: %w", p.address, err)
	}
	return k.add(p.name, out.Bytes())
}

// rewrite changes an element's attributes.
func (k *copying) rewrite(p *page, n *tree.Node) error {
	n.Attr = slices.DeleteFunc(n.Attr, func(a tree.Attribute) bool {
		return strings.HasPrefix(a.Key, "hx-") || a.Key == "integrity" || a.Key == "crossorigin"
	})
	canonical := n.DataAtom == atom.Link && attribute(n, "rel") == "canonical"
	for i := range n.Attr {
		a := &n.Attr[i]
		var err error
		switch {
		case canonical, a.Namespace != "":
		case a.Key == "href", a.Key == "src", a.Key == "poster":
			a.Val, err = k.link(p, a.Val)
		case a.Key == "srcset":
			a.Val, err = k.srcset(p, a.Val)
		case a.Key == "class":
			a.Val = strings.Join(slices.DeleteFunc(strings.Fields(a.Val), func(class string) bool { return class == "session-now" }), " ")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link gives a link of a page as it is in the copy.
func (k *copying) link(p *page, link string) (string, error) {
	u := k.ours(p.address, link)
	if u == nil {
		return link, nil
	}
	fragment := ""
	if u.Fragment != "" {
		fragment = "#" + u.EscapedFragment()
	}
	address := addressOf(u)
	if to := k.pages[address]; to != nil && k.isPage(u) {
		return between(p.name, to.name) + fragment, nil
	}
	if k.isFile(u) {
		name, err := k.file(address)
		if name != "" || err != nil {
			return between(p.name, name), err
		}
	}
	return u.String(), nil
}

// srcset changes each of the pictures that a browser chooses from.
func (k *copying) srcset(p *page, set string) (string, error) {
	parts := strings.Split(set, ",")
	for i, part := range parts {
		address, size, _ := strings.Cut(strings.TrimSpace(part), " ")
		link, err := k.link(p, address)
		if err != nil {
			return "", err
		}
		parts[i] = strings.TrimSpace(link + " " + size)
	}
	return strings.Join(parts, ", "), nil
}

// between is the way from one file of the zip to another.
func between(from, to string) string {
	return strings.Repeat("../", strings.Count(path.Clean(from), "/")) + to
}

var cssURL = regexp.MustCompile(`url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"'\s]*))\s*\)`)

// css changes the addresses in a stylesheet; its files lie beside it.
func (k *copying) css(at *url.URL, sheet []byte) ([]byte, error) {
	var failed error
	out := cssURL.ReplaceAllFunc(sheet, func(match []byte) []byte {
		parts := cssURL.FindSubmatch(match)
		u := k.ours(addressOf(at), string(bytes.Join(parts[1:], nil)))
		if u == nil || u.Scheme == "data" || failed != nil {
			return match
		}
		name, err := k.file(addressOf(u))
		if err != nil || name == "" {
			failed = err
			return match
		}
		return []byte("url(" + path.Base(name) + ")")
	})
	return out, failed
}

// note says at the head of a page that it is a copy, and where the live one is.
func (k *copying) note(p *page, main *tree.Node) error {
	text := html.EscapeString(k.Words.Message(k.lang, "site.copy"))
	live := html.EscapeString(k.BaseURL + p.address)
	nodes, err := tree.ParseFragment(strings.NewReader(`<div class="alert alert-info flash"><div class="alert-text"><span>`+text+`</span> <a href="`+live+`">`+live+`</a></div></div>`), main)
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	for _, n := range slices.Backward(nodes) {
		main.InsertBefore(n, main.FirstChild)
	}
	return nil
}
