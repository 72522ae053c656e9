package respond

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
)

var errForm = &turnout.Error{Kind: turnout.Invalid, Code: "invalid_form", Message: "The form did not arrive whole. Send it again."}

// Form reads an HTML form into the struct that into points to, by form tags and the text tags of [Bind]:
//
//	Name  string   `form:"name" text:"name,max=100"`
//	Types []string `form:"types"`
//
// Fields are string, int64, bool (a checkbox: any value is true) or []string; what the form has beyond them is ignored
// (a button's name). into is filled as far as possible even when the answer is an error, so that the page can show
// again what was typed; the error is a turnout.Error that names the fields.
func Form(c *gin.Context, into any) error {
	if err := c.Request.ParseForm(); err != nil {
		return errForm.Because(err)
	}
	return fillAll(into, c.Request.PostForm)
}

// Query is Form for what stands in the address: a form that is sent by GET.
func Query(c *gin.Context, into any) error { return fillAll(into, c.Request.URL.Query()) }

func fillAll(into any, values url.Values) error {
	var problems turnout.Problems
	target := reflect.ValueOf(into).Elem()
	for _, f := range reflect.VisibleFields(target.Type()) {
		name := f.Tag.Get("form")
		if name == "" {
			continue
		}
		fill(target.FieldByIndex(f.Index), name, values[name], parseTextRule(f.Tag.Get("text")), &problems)
	}
	return problems.Err()
}

func fill(v reflect.Value, name string, values []string, rule textRule, problems *turnout.Problems) {
	if len(values) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		clean, code, message := rule.clean(values[0])
		if code != "" {
			problems.Add(name, code, "%s", message)
			clean = strings.ToValidUTF8(values[0], "")
		}
		v.SetString(clean)
	case reflect.Int64:
		if strings.TrimSpace(values[0]) == "" {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(values[0]), 10, 64)
		if errors.Is(err, strconv.ErrRange) && n > 0 {
			problems.Add(name, "number_high", "This is too large: %d at most.", int64(math.MaxInt64))
			return
		}
		if err != nil {
			problems.Add(name, "wrong_type", "This must be a whole number.")
			return
		}
		v.SetInt(n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		for _, value := range values {
			clean, code, message := rule.clean(value)
			if code != "" {
				problems.Add(name, code, "%s", message)
				continue
			}
			v.Set(reflect.Append(v, reflect.ValueOf(clean)))
		}
	default:
		panic(fmt.Sprintf("respond: a form field of type %s", v.Type()))
	}
}
