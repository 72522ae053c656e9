package respond

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"turnout"
)

// Largest bodies, in bytes.
const (
	MaxJSON   = 1 << 20
	MaxImport = 25 << 20
	MaxUpload = 10 << 20
)

// maxDepth is how deep arrays and objects may nest; our deepest request has 4 levels.
const maxDepth = 32

var (
	errTooLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "too_large", Message: "This is more than the call takes."}
	errCutOff   = &turnout.Error{Kind: turnout.Invalid, Code: "invalid_body", Message: "The body ended before its announced length. Send it again."}
	errJSON     = &turnout.Error{Kind: turnout.Invalid, Code: "invalid_json", Message: "The body is not one JSON object."}
	errText     = &turnout.Error{Kind: turnout.Invalid, Code: "invalid_text", Message: "The text is not valid UTF-8."}
	errDepth    = &turnout.Error{Kind: turnout.Invalid, Code: "too_deep", Message: "The body nests deeper than any call needs."}
)

// Bind reads the body into the struct that into points to. It answers the request itself and gives false when the body is
// not exactly one JSON object of the struct's fields: unknown and repeated fields, wrong types and bad text are refused,
// each by its path ("lines[0].quantity"), all in one answer, and so are fields that are tagged required:"true" and left out.
// Field names are compared exactly. null is the same as leaving the field out. Times take any offset and become UTC in microseconds. Strings are NFC and obey the field's text tag:
//
//	`text:"name,max=200"`   one line, no control and no bidi control characters, outer space cut (also without a tag)
//	`text:"long,max=20000"` line breaks and tabs too, and bidi controls
//	`text:"secret,max=200"` as name, but kept to the byte
//
// max counts characters.
func Bind(c *gin.Context, into any) bool {
	body, ok := Body(c, MaxJSON)
	if !ok {
		return false
	}
	if err := Decode(body, into); err != nil {
		Fail(c, err)
		return false
	}
	return true
}

// maxDrain is how much of a body that is too large is read and thrown away, so that its sender gets to hear why.
const maxDrain = 32 << 20

// Drain reads what comes of a body that is too large and throws it away, within reason: most clients, browsers among them, read no answer before they have sent everything.
func Drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, maxDrain) }

// BindOptional is Bind for calls whose body may be left out: an empty one is the same as {}.
func BindOptional(c *gin.Context, into any) bool {
	if c.Request.ContentLength == 0 {
		return true
	}
	return Bind(c, into)
}

// Body reads the raw body, at most limit bytes. It answers the request itself and gives false when there is more (413) or
// when the body is cut off.
func Body(c *gin.Context, limit int64) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.Request.Body, limit))
	if err == nil {
		return body, true
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		Drain(c.Request.Body)
		Fail(c, errTooLarge.With("This is more than the %d bytes that the call takes.", limit))
	} else {
		Fail(c, errCutOff.Because(err))
	}
	return nil, false
}

// Decode is Bind for bytes: a turnout.Error of kind Invalid names everything that is wrong. into points to a struct.
func Decode(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(bytes.TrimSpace(body)) == 0 {
		return errJSON.With("The body is missing: send one JSON object.")
	}
	if !utf8.Valid(body) {
		return errText
	}
	if tooDeep(body) {
		return errDepth
	}
	d := &decoder{json: json.NewDecoder(bytes.NewReader(body))}
	d.json.UseNumber()
	given, err := d.value(reflect.ValueOf(into).Elem(), "", textRule{max: defaultMax})
	if err != nil {
		return notJSON(err)
	}
	if !given {
		return errJSON
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return errJSON.With("The body holds more than one JSON value.")
	}
	return d.verdict()
}

// tooDeep counts brackets outside strings, before anything is built from them.
func tooDeep(body []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}

func notJSON(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errJSON.With("The body is not JSON: %s (at byte %d).", syntax.Error(), syntax.Offset).Because(err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errJSON.With("The JSON ends too early.").Because(err)
	}
	return errJSON.Because(err)
}
