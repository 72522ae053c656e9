package templates

import (
	"fmt"
	"html/template"
	"path"
	"sync"
	"text/template/parse"
)

// page is one page in one language: made of the parsed files when it is first asked for, and of those pieces only that it uses.
// All pages with all pieces would be ten times the memory of everything else.
type page struct {
	make sync.Once
	set  *template.Template
	err  error
}

// page gives a page ready to be executed.
func (s *Set) page(lang, name string) (*template.Template, error) {
	lang = s.language(lang)
	p, ok := s.pages[lang][name]
	if !ok {
		return nil, fmt.Errorf("templates: no page %q", name)
	}
	p.make.Do(func() { p.set, p.err = s.assemble(lang, name) })
	return p.set, p.err
}

// assemble puts a page together: its file's own definitions, and what they use of layouts and partials.
func (s *Set) assemble(lang, name string) (*template.Template, error) {
	own, root := s.parsed[name], name+".html"
	set := template.New(root).Funcs(s.functions(lang))
	var add func(piece string) error
	add = func(piece string) error {
		from := own.Lookup(piece)
		if from == nil {
			from = s.shared.Lookup(piece)
		}
		if from == nil {
			return fmt.Errorf("templates: page %s: no piece %q", name, piece)
		}
		if piece != root && set.Lookup(piece) != nil {
			return nil
		}
		tree := from.Tree.Copy() // escaping changes it
		if _, err := set.AddParseTree(piece, tree); err != nil {
			return fmt.Errorf("templates: page %s: %w", name, err)
		}
		for _, used := range piecesIn(tree.Root) {
			if err := add(used); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range own.Templates() {
		if t.Tree == nil {
			continue
		}
		if err := add(t.Name()); err != nil {
			return nil, err
		}
	}
	return set.Lookup(root), nil
}

// piecesIn gives the names of the templates that a part of a template calls.
func piecesIn(n parse.Node) []string {
	branch := func(b *parse.BranchNode) []string {
		if b.ElseList == nil {
			return piecesIn(b.List)
		}
		return append(piecesIn(b.List), piecesIn(b.ElseList)...)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		var all []string
		for _, child := range n.Nodes {
			all = append(all, piecesIn(child)...)
		}
		return all
	case *parse.TemplateNode:
		return []string{n.Name}
	case *parse.IfNode:
		return branch(&n.BranchNode)
	case *parse.RangeNode:
		return branch(&n.BranchNode)
	case *parse.WithNode:
		return branch(&n.BranchNode)
	}
	return nil
}

// parsePages reads all files of pages. What a page is made of is the same in every language.
func (s *Set) parsePages() (err error) {
	functions := s.functions(fallback)
	if s.shared, err = template.New("").Funcs(functions).ParseFS(files, "layouts/*.html", "partials/*.html"); err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	for _, name := range namesIn("pages", ".html") {
		if s.parsed[name], err = template.New("").Funcs(functions).ParseFS(files, path.Join("pages", name+".html")); err != nil {
			return fmt.Errorf("templates: %w", err)
		}
		for _, lang := range s.catalogue.languages {
			s.pages[lang][name] = new(page)
		}
	}
	return nil
}
