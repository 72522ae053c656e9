package respond

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"turnout"
)

// decoder walks the tokens of a body and the target's type side by side. It returns errors only for what is not JSON;
// what is JSON but not acceptable it notes and goes on, so that the caller hears of everything at once.
type decoder struct {
	json     *json.Decoder
	problems turnout.Problems
}

// maxProblems is how many problems one answer names.
const maxProblems = 50

func (d *decoder) note(path, code, format string, args ...any) {
	if len(d.problems) < maxProblems {
		d.problems.Add(strings.TrimPrefix(path, "."), code, format, args...)
	}
}

// verdict gives the answer its code: that of unknown fields and of bad text when there is one, else "invalid".
func (d *decoder) verdict() error {
	if len(d.problems) == 0 {
		return nil
	}
	verdict := &turnout.Error{Kind: turnout.Invalid, Code: "invalid", Message: "Some of what was sent needs a change.", Fields: d.problems}
	for _, code := range []string{"unknown_field", "invalid_text"} {
		for _, p := range d.problems {
			if p.Code == code {
				named := *verdict
				named.Code = code
				return named.With("%s: %s", p.Name, p.Message)
			}
		}
	}
	return verdict
}

var (
	rawType   = reflect.TypeFor[json.RawMessage]()
	timeType  = reflect.TypeFor[time.Time]()
	moneyType = reflect.TypeFor[turnout.Money]()
)

// value reads the next JSON value into v; a json.RawMessage takes any, as it stands there. given is false for null.
func (d *decoder) value(v reflect.Value, path string, rule textRule) (given bool, err error) {
	if v.Type() == rawType {
		return true, d.json.Decode(v.Addr().Interface())
	}
	token, err := d.json.Token()
	if err != nil || token == nil {
		return false, err
	}
	return true, d.take(token, v, path, rule)
}

// take brings the value that begins with the token into v.
func (d *decoder) take(token json.Token, v reflect.Value, path string, rule textRule) error {
	for v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch t := token.(type) {
	case json.Delim:
		return d.composite(t, v, path, rule)
	case string:
		d.text(t, v, path, rule)
	case json.Number:
		d.number(t, v, path)
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(t)
		} else {
			d.wrongType(v, path)
		}
	}
	return nil
}

func (d *decoder) composite(open json.Delim, v reflect.Value, path string, rule textRule) error {
	switch {
	case open == '{' && v.Kind() == reflect.Struct && v.Type() != timeType:
		return d.object(v, path)
	case open == '{' && v.Kind() == reflect.Map:
		return d.dictionary(v, path, rule)
	case open == '[' && v.Kind() == reflect.Slice:
		return d.list(v, path, rule)
	}
	d.wrongType(v, path)
	return d.skipToEnd()
}

func (d *decoder) object(v reflect.Value, path string) error {
	fields, needed := fieldsOf(v.Type())
	seen, given := map[string]bool{}, map[string]bool{}
	for d.json.More() {
		name, err := d.key()
		if err != nil {
			return err
		}
		field, known := fields[name]
		switch {
		case !known:
			d.note(path+"."+clip(name), "unknown_field", "There is no such field here.")
			err = d.skip()
		case seen[name]:
			d.note(path+"."+name, "repeated_field", "This field stands here twice.")
			err = d.skip()
		default:
			seen[name] = true
			given[name], err = d.value(v.FieldByIndex(field.index), path+"."+name, field.rule)
		}
		if err != nil {
			return err
		}
	}
	if v.Type() == moneyType && (!seen["amount"] || !seen["currency"]) {
		d.note(path, "required", "Money is an amount in minor units and a currency: {\"amount\": 4900, \"currency\": \"EUR\"}.")
	}
	for _, name := range needed {
		if !given[name] {
			d.note(path+"."+name, "required", "This is needed.")
		}
	}
	_, err := d.json.Token() // the closing brace
	return err
}

// dictionary reads an object whose names the caller chooses, such as answers by question.
func (d *decoder) dictionary(v reflect.Value, path string, rule textRule) error {
	v.Set(reflect.MakeMap(v.Type()))
	for d.json.More() {
		name, err := d.key()
		if err != nil {
			return err
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if _, err := d.value(item, path+"."+clip(name), rule); err != nil {
			return err
		}
		key := reflect.New(v.Type().Key()).Elem()
		d.text(name, key, path+"."+clip(name), textRule{max: defaultMax})
		v.SetMapIndex(key, item)
	}
	_, err := d.json.Token()
	return err
}

func (d *decoder) list(v reflect.Value, path string, rule textRule) error {
	items := reflect.MakeSlice(v.Type(), 0, 0)
	for i := 0; d.json.More(); i++ {
		item, at := reflect.New(v.Type().Elem()).Elem(), path+"["+strconv.Itoa(i)+"]"
		given, err := d.value(item, at, rule)
		if err != nil {
			return err
		}
		if !given {
			d.note(at, "required", "This is needed.")
		}
		items = reflect.Append(items, item)
	}
	v.Set(items)
	_, err := d.json.Token()
	return err
}

func (d *decoder) number(n json.Number, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if errors.Is(err, strconv.ErrRange) && i > 0 {
			d.note(path, "number_high", "This is too large: %d at most.", int64(math.MaxInt64))
			return
		}
		if err != nil {
			d.note(path, "wrong_type", "This must be a whole number.")
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := n.Float64()
		if err != nil {
			d.note(path, "wrong_type", "This number is too large.")
			return
		}
		v.SetFloat(f)
	default:
		d.wrongType(v, path)
	}
}

func (d *decoder) wrongType(v reflect.Value, path string) {
	d.note(path, "wrong_type", "This must be %s.", described(v.Type()))
}

func described(t reflect.Type) string {
	switch {
	case t == timeType:
		return `a time as in RFC 3339 ("2027-05-01T09:00:00Z")`
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// key reads a name in an object.
func (d *decoder) key() (string, error) {
	token, err := d.json.Token()
	if err != nil {
		return "", err
	}
	name, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("respond: %v is no name", token)
	}
	return name, nil
}

// skip reads past one value.
func (d *decoder) skip() error {
	var raw json.RawMessage
	return d.json.Decode(&raw)
}

// skipToEnd reads past the rest of an array or object whose opening was read.
func (d *decoder) skipToEnd() error {
	for depth := 1; depth > 0; {
		token, err := d.json.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// field is where a JSON name goes.
type field struct {
	index []int
	rule  textRule
}

// structure is what a struct takes.
type structure struct {
	fields map[string]field
	needed []string
}

var structures sync.Map // reflect.Type to structure

// fieldsOf gives the fields of a struct by their JSON names, those of embedded structs among them, and which must be there.
func fieldsOf(t reflect.Type) (fields map[string]field, needed []string) {
	if known, ok := structures.Load(t); ok {
		return known.(structure).fields, known.(structure).needed
	}
	fields = map[string]field{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			panic(fmt.Sprintf("respond: %s.%s has no json name", t, f.Name))
		}
		fields[name] = field{index: f.Index, rule: parseTextRule(f.Tag.Get("text"))}
		if f.Tag.Get("required") == "true" {
			needed = append(needed, name)
		}
	}
	structures.Store(t, structure{fields, needed})
	return fields, needed
}

// clip keeps a name that a caller chose short enough to repeat in an answer.
func clip(name string) string {
	if runes := []rune(name); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return name
}
