package exchange

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	htmlTag  = regexp.MustCompile(`(?i)</?(p|br|a|ul|ol|li|strong|em|b|i|u|s|h[1-6]|div|span|code|pre|hr|blockquote|img|table|tr|td|th|script|style|sub|sup|small|big|font|center|dl|dt|dd|section|iframe|object|form|input|svg)(\s[^<>]*)?/?>`)
	codeText = regexp.MustCompile("(?s)```.*?```|``.*?``|`[^`\n]*`")
)

// blockTag is what makes the line ends of a source mean nothing; without one they are the author's own.
var blockTag = regexp.MustCompile(`(?i)<(p|br|div|ul|ol|h[1-6]|table|blockquote|pre|dl)[\s/>]`)

// hasHTML tells whether a text is HTML rather than Markdown or plain text: a tag stands in it, outside code.
func hasHTML(text string) bool {
	if !strings.Contains(text, "<") {
		return false
	}
	return htmlTag.MatchString(codeText.ReplaceAllString(text, ""))
}

// markdown turns HTML into Markdown. It never fails: what is no tag is text, tags it does not know vanish, and the
// content of script and style with them. The result holds no HTML.
func markdown(source string) string {
	c := &converter{lines: !blockTag.MatchString(source)}
	for source != "" {
		open := strings.IndexByte(source, '<')
		if open < 0 {
			c.text(source)
			break
		}
		c.text(source[:open])
		source = source[open:]
		if comment, ok := strings.CutPrefix(source, "<!--"); ok {
			_, source, _ = strings.Cut(comment, "-->")
			continue
		}
		name, attributes, closing, rest, ok := tag(source)
		if !ok {
			c.text("<")
			source = source[1:]
			continue
		}
		source = rest
		if !closing && (name == "script" || name == "style") {
			source = afterClosing(source, name)
			continue
		}
		if closing {
			c.end(name)
		} else {
			c.start(name, attributes)
		}
	}
	c.closeAll()
	return string(c.out)
}

// tag reads one tag at the beginning of the source.
func tag(source string) (name, attributes string, closing bool, rest string, ok bool) {
	i := 1
	if i < len(source) && source[i] == '/' {
		closing = true
		i++
	}
	begin := i
	for i < len(source) && (source[i] >= 'a' && source[i] <= 'z' || source[i] >= 'A' && source[i] <= 'Z' || i > begin && source[i] >= '0' && source[i] <= '9') {
		i++
	}
	end := tagEnd(source, i)
	if i == begin || end < 0 {
		return "", "", false, "", false
	}
	return strings.ToLower(source[begin:i]), source[i:end], closing, source[end+1:], true
}

// tagEnd finds the ">" that closes a tag, past quoted attributes; -1 when there is none within 4,000 bytes.
func tagEnd(source string, from int) int {
	var quote byte
	for i := from; i < len(source) && i < from+4_000; i++ {
		switch b := source[i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>':
			return i
		case b == '<':
			return -1
		}
	}
	return -1
}

var closings = map[string]*regexp.Regexp{
	"script": regexp.MustCompile(`(?i)</script[^>]*>`),
	"style":  regexp.MustCompile(`(?i)</style[^>]*>`),
}

// afterClosing skips to what follows </name>.
func afterClosing(source, name string) string {
	if at := closings[name].FindStringIndex(source); at != nil {
		return source[at[1]:]
	}
	return ""
}

var hrefPattern = regexp.MustCompile(`(?i)(?:^|\s)href\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)

// href gives the address of a link when it is http, https or mailto.
func href(attributes string) string {
	m := hrefPattern.FindStringSubmatch(attributes)
	if m == nil {
		return ""
	}
	r := reading{}
	address := r.link(Place{}, html.UnescapeString(strings.Trim(m[1], `"'`)))
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E").Replace(address)
}

// converter writes the Markdown.
type converter struct {
	out   []byte
	lines bool     // line ends are kept
	open  []string // marks to close, innermost last
	links []string // address of each open <a>
	lists []int    // number of the last item of each open list; -1 for bullets
	pre   bool
	code  bool
	held  strings.Builder // the code of an open code or pre
}

func (c *converter) write(s string) { c.out = append(c.out, s...) }

// block begins a new paragraph, newline a new line.
func (c *converter) block() {
	c.newline()
	if len(c.out) > 0 && !bytes.HasSuffix(c.out, []byte("\n\n")) {
		c.write("\n")
	}
}

func (c *converter) newline() {
	if len(c.out) > 0 && c.out[len(c.out)-1] != '\n' {
		c.write("\n")
	}
}

func (c *converter) start(name, attributes string) {
	if c.pre || c.code {
		if name == "br" {
			c.held.WriteString("\n")
		}
		return
	}
	switch name {
	case "p", "div", "section", "table", "blockquote", "dl", "center":
		if len(c.lists) == 0 {
			c.block()
		}
		if name == "blockquote" {
			c.write("> ")
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		c.block()
		level, _ := strconv.Atoi(name[1:])
		c.write(strings.Repeat("#", level) + " ")
	case "br":
		c.write("  \n")
	case "hr":
		c.block()
		c.write("---\n\n")
	case "ul", "ol":
		if len(c.lists) == 0 {
			c.block()
		}
		if len(c.lists) < 10 {
			c.lists = append(c.lists, map[string]int{"ul": -1, "ol": 0}[name])
		}
	case "li":
		c.item()
	case "tr", "dt", "dd":
		c.newline()
	case "td", "th":
		c.write(" ")
	case "strong", "b":
		c.mark("**")
	case "em", "i":
		c.mark("*")
	case "a":
		if len(c.links) < 10 {
			c.links = append(c.links, href(attributes))
			if c.links[len(c.links)-1] != "" {
				c.write("[")
			}
		}
	case "pre":
		c.block()
		c.pre = true
	case "code":
		c.code = true
	}
}

// item begins a list item, numbered where the list is.
func (c *converter) item() {
	c.newline()
	if len(c.lists) == 0 {
		c.write("- ")
		return
	}
	last := &c.lists[len(c.lists)-1]
	c.write(strings.Repeat("   ", len(c.lists)-1))
	if *last < 0 {
		c.write("- ")
		return
	}
	*last++
	c.write(strconv.Itoa(*last) + ". ")
}

// mark opens emphasis; the same mark is not opened twice.
func (c *converter) mark(m string) {
	for _, open := range c.open {
		if open == m {
			return
		}
	}
	c.open = append(c.open, m)
	c.write(m)
}

// unmark closes the mark; one that encloses nothing is taken back.
func (c *converter) unmark(m string) {
	if len(c.open) == 0 || c.open[len(c.open)-1] != m {
		return
	}
	c.open = c.open[:len(c.open)-1]
	body := bytes.TrimRight(c.out, " \n")
	blanks := string(c.out[len(body):])
	if bytes.HasSuffix(body, []byte(m)) && !bytes.HasSuffix(body, []byte(`\`+m)) {
		c.out = body[:len(body)-len(m)]
	} else {
		c.out = append(body, m...)
	}
	c.write(blanks)
}

func (c *converter) end(name string) {
	switch {
	case c.pre && name == "pre":
		c.fence()
		return
	case c.code && !c.pre && name == "code":
		c.span()
		return
	case c.pre || c.code:
		return
	}
	switch name {
	case "p", "div", "section", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "dl":
		if len(c.lists) == 0 {
			c.block()
		}
	case "ul", "ol":
		if len(c.lists) > 0 {
			c.lists = c.lists[:len(c.lists)-1]
		}
		if len(c.lists) == 0 {
			c.block()
		}
	case "strong", "b":
		c.unmark("**")
	case "em", "i":
		c.unmark("*")
	case "a":
		if n := len(c.links); n > 0 {
			if c.links[n-1] != "" {
				c.write("](" + c.links[n-1] + ")")
			}
			c.links = c.links[:n-1]
		}
	}
}

// fence writes the held text as a code block, span as a code span.
func (c *converter) fence() {
	body := strings.Trim(strings.ReplaceAll(c.held.String(), "```", "'''"), "\n")
	c.held.Reset()
	c.pre, c.code = false, false
	c.write("```\n" + body + "\n```\n\n")
}

func (c *converter) span() {
	body := strings.TrimSpace(strings.Join(strings.Fields(strings.ReplaceAll(c.held.String(), "`", "'")), " "))
	c.held.Reset()
	c.code = false
	if body != "" {
		c.write("`" + body + "`")
	}
}

// closeAll ends what the source left open.
func (c *converter) closeAll() {
	switch {
	case c.pre:
		c.fence()
	case c.code:
		c.span()
	}
	for len(c.links) > 0 {
		c.end("a")
	}
	for len(c.open) > 0 {
		c.unmark(c.open[len(c.open)-1])
	}
}

// text writes what stands between tags: entities read, blanks joined, Markdown's own signs escaped.
func (c *converter) text(raw string) {
	if raw == "" {
		return
	}
	raw = html.UnescapeString(raw)
	if c.pre || c.code {
		c.held.WriteString(raw)
		return
	}
	if !c.lines {
		c.words(raw)
		return
	}
	for i, line := range strings.Split(raw, "\n") {
		if i > 0 {
			c.write("\n")
		}
		c.words(line)
	}
}

// words writes text as one line.
func (c *converter) words(raw string) {
	if raw == "" {
		return
	}
	words := strings.Join(strings.Fields(raw), " ")
	if first, _ := utf8.DecodeRuneInString(raw); strings.ContainsRune(" \t\n\r", first) && !c.fresh() {
		c.write(" ")
	}
	if words == "" {
		return
	}
	words = escape(words)
	if c.fresh() {
		words = escapeStart(words)
	}
	c.write(words)
	if strings.ContainsRune(" \t\n\r", rune(raw[len(raw)-1])) {
		c.write(" ")
	}
}

// fresh tells whether a blank would be lost here.
func (c *converter) fresh() bool {
	return len(c.out) == 0 || c.out[len(c.out)-1] == '\n' || c.out[len(c.out)-1] == ' '
}

var (
	entityLike = regexp.MustCompile(`&(#?[0-9a-zA-Z]+;)`)
	tagLike    = regexp.MustCompile(`<([a-zA-Z/!?])`)
	signs      = strings.NewReplacer(`\`, `\\`, "*", `\*`, "`", "\\`", "[", `\[`, "]", `\]`)
	edgeScore  = regexp.MustCompile(`(^|[^\p{L}\p{N}])_|_([^\p{L}\p{N}]|$)`)
	lineStart  = regexp.MustCompile(`^(#{1,6} |[-+>] |\d+[.)] |-{3,}|={3,})`)
)

// escape keeps text from being read as Markdown or HTML.
func escape(text string) string {
	text = signs.Replace(text)
	if strings.Contains(text, "_") {
		text = edgeScore.ReplaceAllStringFunc(text, func(m string) string { return strings.Replace(m, "_", `\_`, 1) })
	}
	if strings.Contains(text, "&") {
		text = entityLike.ReplaceAllString(text, "&amp;$1")
	}
	if strings.Contains(text, "<") {
		text = tagLike.ReplaceAllString(text, "&lt;$1")
	}
	return text
}

// escapeStart keeps the beginning of a line from being read as a heading or a list.
func escapeStart(text string) string {
	if m := lineStart.FindString(text); m != "" {
		at := strings.IndexAny(m, "#-+>=.)")
		return text[:at] + `\` + text[at:]
	}
	return text
}

var (
	mdEscape = regexp.MustCompile(`\\([\\*_\[\]` + "`" + `#+.!>()-])`)
	mdLink   = regexp.MustCompile(`\[([^\[\]]*)\]\(([^()\s]+)\)`)
	mdStrong = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
)

// PlainText takes the commonest Markdown signs out of a text, for places that show none: calendars and mails.
func PlainText(text string) string {
	text = mdLink.ReplaceAllStringFunc(text, func(m string) string {
		parts := mdLink.FindStringSubmatch(m)
		if parts[1] == parts[2] || parts[1] == "" {
			return parts[2]
		}
		return parts[1] + " (" + parts[2] + ")"
	})
	text = mdStrong.ReplaceAllString(text, "$1")
	text = mdEscape.ReplaceAllString(text, "$1")
	return html.UnescapeString(text)
}
