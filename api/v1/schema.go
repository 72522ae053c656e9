package v1

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"
	"time"

	"turnout"
)

// schemas collects the named structs of the document (OpenAPI 3.0 schema objects). These tags of a field speak:
//
//	doc:"…"          what it is
//	enum:"a,b"       the values it takes
//	required:"true"  a request is refused without it; of answers every field without omitempty is required
//	required:"each"  of the items of a list: the item is refused without it, by the service, and the others count
type schemas map[string]any

type object = map[string]any

// of gives the schema of a type, by reference when it is a named struct. isAnswer tells answers, whose fields are all
// there, from requests.
func (s schemas) of(t reflect.Type, isAnswer bool) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{} // anything
	case reflect.TypeFor[turnout.Money]():
		return s.reference("Money", t, true)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.of(t.Elem(), isAnswer))
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Float64:
		return object{"type": "number", "format": "double"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), isAnswer)}
	case reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem(), isAnswer), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), isAnswer)}
	case reflect.Struct:
		if name := schemaName(t, isAnswer); name != "" {
			return s.reference(name, t, isAnswer)
		}
		return s.object(t, isAnswer)
	}
	panic(fmt.Sprintf("v1: no schema for %s", t))
}

// nullable allows null. A reference takes no siblings in OpenAPI 3.0, so it is wrapped.
func nullable(schema object) object {
	if _, isReference := schema["$ref"]; isReference {
		return object{"nullable": true, "allOf": []any{schema}}
	}
	schema["nullable"] = true
	return schema
}

func (s schemas) reference(name string, t reflect.Type, isAnswer bool) object {
	if _, known := s[name]; !known {
		s[name] = nil // a struct that holds itself finds its name here
		s[name] = s.object(t, isAnswer)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// schemaName is the struct's name in the document: eventRequest is EventRequest, eventResponse is Event, a page of them
// EventList. What both requests and answers hold has two names, for of an answer all is there: venueBody is VenueBody and Venue. Structs of other packages bear the package's name too (AgendaTally); other generic ones have none.
func schemaName(t reflect.Type, isAnswer bool) string {
	name, parameter, generic := strings.Cut(t.Name(), "[")
	if generic && name != "Page" {
		return ""
	}
	if generic { // respond.Page[turnout/api/v1.eventResponse]
		parameter = strings.TrimSuffix(parameter[strings.LastIndex(parameter, ".")+1:], "]")
		name = strings.TrimSuffix(parameter, "Response") + "List"
	}
	name = strings.TrimSuffix(name, "Response")
	if isAnswer {
		name = strings.TrimSuffix(name, "Body")
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if from := path.Base(t.PkgPath()); from != "v1" && from != "respond" {
		name = strings.ToUpper(from[:1]) + from[1:] + name
	}
	return name
}

func (s schemas) object(t reflect.Type, isAnswer bool) object {
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		if isAnswer && options != "omitempty" || f.Tag.Get("required") != "" {
			required = append(required, name)
		}
		properties[name] = s.property(f, isAnswer)
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func (s schemas) property(f reflect.StructField, isAnswer bool) object {
	t := f.Type
	if !isAnswer && t.Kind() == reflect.Pointer && f.Tag.Get("required") == "" {
		t = t.Elem() // absent and null mean the same to a request; say the plain type
	}
	schema := s.of(t, isAnswer)
	text, enum := f.Tag.Get("doc"), f.Tag.Get("enum")
	if text == "" && enum == "" {
		return schema
	}
	if _, isReference := schema["$ref"]; isReference {
		schema = object{"allOf": []any{schema}}
	}
	if text != "" {
		schema["description"] = text
	}
	if enum != "" {
		target := schema
		if items, isList := schema["items"].(object); isList {
			target = items
		}
		target["enum"] = strings.Split(enum, ",")
	}
	return schema
}
