package templates

import (
	"fmt"
	"reflect"
)

// newField makes a [Field] from its name and pairs of member and value; an unknown member is an error, so that a
// spelling mistake in a template does not pass the test that draws every page.
func newField(name string, pairs ...any) (Field, error) {
	f := Field{Name: name, Type: "text"}
	values, err := dict(pairs...)
	if err != nil {
		return f, err
	}
	target := reflect.ValueOf(&f).Elem()
	for member, value := range values {
		to := target.FieldByName(member)
		if !to.IsValid() {
			return f, fmt.Errorf("field %s: no member %s", name, member)
		}
		if value == nil {
			continue
		}
		from := reflect.ValueOf(value)
		if !from.CanConvert(to.Type()) || (to.Kind() == reflect.String && from.Kind() != reflect.String) {
			return f, fmt.Errorf("field %s: %s cannot be a %T", name, member, value)
		}
		to.Set(from.Convert(to.Type()))
	}
	return f, nil
}
