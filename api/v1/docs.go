package v1

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"reflect"
	"strings"

	"turnout/api/access"
)

//go:embed docs.html
var docsText string

var docsPage = template.Must(template.New("docs").Parse(docsText))

// call prepares an operation for the page: the shapes are written as JSON with a word for each value.
func (op operation) call(route access.Route, path string) Call {
	return Call{
		Method: route.Method, Path: Base + path, ID: operationID(route.Method, path), Summary: op.Summary, Text: op.Text, Who: who(route.Who),
		Request: shape(op.In, op.InRaw), Answer: shape(op.Out, op.OutRaw), Example: indented(op.Example), Query: op.Query, Status: op.status(),
	}
}

func shape(body any, raw string) string {
	if raw != "" || body == nil {
		return raw
	}
	var b strings.Builder
	writeShape(&b, reflect.TypeOf(body), "", "", 0)
	return b.String()
}

// writeShape writes a struct as JSON whose values are their types, with what the doc tags say behind.
func writeShape(b *strings.Builder, t reflect.Type, enum, indent string, depth int) {
	optional := t.Kind() == reflect.Pointer
	if optional {
		t = t.Elem()
	}
	schema := schemas{}.of(t, true)
	switch {
	case enum != "":
		b.WriteString(strings.ReplaceAll(enum, ",", " | "))
	case schema["format"] == "date-time":
		b.WriteString("time")
	case t == reflect.TypeFor[json.RawMessage]():
		b.WriteString("any")
	case t.Kind() == reflect.Slice:
		b.WriteString("[")
		writeShape(b, t.Elem(), "", indent, depth)
		b.WriteString("]")
	case t.Kind() == reflect.Struct && depth < 6:
		b.WriteString("{\n")
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "" || name == "-" {
				continue
			}
			b.WriteString(indent + "  " + name + ": ")
			writeShape(b, f.Type, f.Tag.Get("enum"), indent+"  ", depth+1)
			if text := f.Tag.Get("doc"); text != "" {
				b.WriteString("   // " + text)
			}
			b.WriteString("\n")
		}
		b.WriteString(indent + "}")
	case t.Kind() == reflect.Map:
		b.WriteString("{…}")
	default:
		kind, _ := schema["type"].(string)
		b.WriteString(kind)
	}
	if optional {
		b.WriteString("?")
	}
}

func indented(example any) string {
	if example == nil {
		return ""
	}
	text, err := json.MarshalIndent(example, "", "  ")
	if err != nil {
		panic("v1: an example that is no JSON: " + err.Error()) // written by us
	}
	return string(text)
}
