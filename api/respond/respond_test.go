package respond

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"turnout"
)

func init() { gin.SetMode(gin.ReleaseMode) }

type line struct {
	Type     turnout.ID `json:"ticket_type_id"`
	Quantity int64      `json:"quantity" required:"true"`
}

type sample struct {
	Name    string            `json:"name" text:"name,max=10"`
	Note    string            `json:"note" text:"long,max=50"`
	At      *time.Time        `json:"at"`
	Price   turnout.Money     `json:"price"`
	Open    bool              `json:"open"`
	Lines   []line            `json:"lines"`
	Answers map[string]string `json:"answers"`
	Rate    float64           `json:"rate"`
}

func TestDecodeTakesWhatIsMeant(t *testing.T) {
	var got sample
	err := Decode([]byte("\ufeff"+`{"name":" Zo\u0065\u0308 ","note":"a\r\n\tb","at":"2027-03-28T02:30:00.1234567+02:00","price":{"amount":4900,"currency":"EUR"},
		"open":true,"lines":[{"ticket_type_id":"tty_1","quantity":2}],"answers":{"diet":"none"},"rate":0.5} `), &got)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 3, 28, 0, 30, 0, 123456000, time.UTC)
	want := sample{Name: "Zoë", Note: "a\n\tb", At: &at, Price: turnout.Money{Amount: 4900, Currency: "EUR"}, Open: true,
		Lines: []line{{"tty_1", 2}}, Answers: map[string]string{"diet": "none"}, Rate: 0.5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ name, body, code, field, fieldCode string }{
		{"nothing", "", "invalid_json", "", ""},
		{"cut off", `{"name":"a"`, "invalid_json", "", ""},
		{"no JSON", `<html>`, "invalid_json", "", ""},
		{"two values", `{"name":"a"}{"name":"b"}`, "invalid_json", "", ""},
		{"a trailing word", `{"name":"a"} x`, "invalid_json", "", ""},
		{"a trailing comma", `{"name":"a",}`, "invalid_json", "", ""},
		{"a list", `[]`, "invalid", "", "wrong_type"},
		{"deep nesting", strings.Repeat(`{"name":`, 40) + "1" + strings.Repeat("}", 40), "too_deep", "", ""},
		{"broken UTF-8", "{\"name\":\"\xff\"}", "invalid_text", "", ""},
		{"an unknown field", `{"nmae":"a"}`, "unknown_field", "nmae", "unknown_field"},
		{"an unknown field inside", `{"lines":[{"quantity":1},{"qty":1}]}`, "unknown_field", "lines[1].qty", "unknown_field"},
		{"an unknown field among others", `{"name":1,"x":{"y":[1]}}`, "unknown_field", "x", "unknown_field"},
		{"a name in other case", `{"Name":"a"}`, "unknown_field", "Name", "unknown_field"},
		{"a field twice", `{"name":"a","name":"b"}`, "invalid", "name", "repeated_field"},
		{"a number for a text", `{"name":1}`, "invalid", "name", "wrong_type"},
		{"a text for a number", `{"lines":[{"quantity":"2"}]}`, "invalid", "lines[0].quantity", "wrong_type"},
		{"a fraction", `{"lines":[{"quantity":1.5}]}`, "invalid", "lines[0].quantity", "wrong_type"},
		{"a huge number", `{"lines":[{"quantity":99999999999999999999}]}`, "invalid", "lines[0].quantity", "number_high"},
		{"an object for a list", `{"lines":{"quantity":1}}`, "invalid", "lines", "wrong_type"},
		{"a number for money", `{"price":49}`, "invalid", "price", "wrong_type"},
		{"money without currency", `{"price":{"amount":49}}`, "invalid", "price", "required"},
		{"null", `null`, "invalid_json", "", ""},
		{"nothing for what is needed", `{"lines":[{"quantity":1},{"ticket_type_id":"typ_1"}]}`, "invalid", "lines[1].quantity", "required"},
		{"null for what is needed", `{"lines":[{"quantity":null}]}`, "invalid", "lines[0].quantity", "required"},
		{"null in a list", `{"lines":[null]}`, "invalid", "lines[0]", "required"},
		{"a time without zone", `{"at":"2027-03-28T02:30:00"}`, "invalid", "at", "wrong_type"},
		{"a control character", `{"name":"a\u0000b"}`, "invalid_text", "name", "invalid_text"},
		{"a line break in a name", `{"name":"a\nb"}`, "invalid_text", "name", "invalid_text"},
		{"a bidi override in a name", `{"name":"a\u202eb"}`, "invalid_text", "name", "invalid_text"},
		{"half a surrogate pair", `{"name":"\ud800"}`, "invalid_text", "name", "invalid_text"},
		{"a control character in a long text", `{"note":"a\u001bb"}`, "invalid_text", "note", "invalid_text"},
		{"a long name", `{"name":"abcdefghijk"}`, "invalid", "name", "too_long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e *turnout.Error
			if err := Decode([]byte(tt.body), &sample{}); !errors.As(err, &e) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if e.Kind != turnout.Invalid || e.Code != tt.code {
				t.Errorf("got %v %s, want %s", e.Kind, e.Code, tt.code)
			}
			if tt.fieldCode == "" {
				return
			}
			for _, f := range e.Fields {
				if f.Name == tt.field && f.Code == tt.fieldCode {
					return
				}
			}
			t.Errorf("no %s at %q in %+v", tt.fieldCode, tt.field, e.Fields)
		})
	}
}

func TestDecodeNamesEverythingAtOnce(t *testing.T) {
	var e *turnout.Error
	err := Decode([]byte(`{"name":1,"open":"yes","lines":[{"quantity":true}]}`), &sample{})
	if !errors.As(err, &e) || len(e.Fields) != 3 {
		t.Errorf("got %v, want three fields", err)
	}
}

func TestTenCharactersFitWhereTenDo(t *testing.T) {
	var got sample
	if err := Decode([]byte(`{"name":"ⴰⵣⵓⵍ漢字漢字😀😀"}`), &got); err != nil {
		t.Error(err)
	}
}

// serve runs one handler and gives its answer.
func serve(t *testing.T, r *http.Request, handler gin.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	engine := gin.New()
	engine.Any("/", handler)
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	var p Problem
	if got := w.Header().Get("Content-Type"); got != ProblemType {
		t.Errorf("Content-Type is %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code || p.Fields == nil {
		t.Errorf("status %d in the body, %d before it, fields %v", p.Status, w.Code, p.Fields)
	}
	return p
}

func TestBindRefusesTooMuch(t *testing.T) {
	body := `{"name":"` + strings.Repeat("a", 10<<20) + `"}`
	w := serve(t, httptest.NewRequest("POST", "/", strings.NewReader(body)), func(c *gin.Context) {
		if Bind(c, &sample{}) {
			t.Error("10 MB were bound")
		}
	})
	if p := problemOf(t, w); w.Code != 413 || p.Code != "too_large" {
		t.Errorf("got %d %s", w.Code, p.Code)
	}
}

func TestFailTellsOnlyWhatIsForCallers(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{errors.New("pq: password of the database is 1234"), 500, "internal"},
		{fmt.Errorf("wrapped: %w", turnout.ErrNotFound), 404, "not_found"},
		{turnout.ErrStale.Because(errors.New("1234")), 412, "stale"},
		{turnout.Invalidf("name", "required", "This is needed."), 422, "invalid"},
		{&turnout.Error{Kind: turnout.TooMany, Code: "too_many", Message: "Wait."}, 429, "too_many"},
	} {
		w := serve(t, httptest.NewRequest("GET", "/", nil), func(c *gin.Context) { Fail(c, tt.err) })
		if p := problemOf(t, w); w.Code != tt.status || p.Code != tt.code || strings.Contains(w.Body.String(), "1234") {
			t.Errorf("%v: got %d %s", tt.err, w.Code, w.Body)
		}
		if tt.status == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
}

func TestListsAndTheirWindows(t *testing.T) {
	for query, want := range map[string]int{"": 50, "limit=200": 200, "limit=201": 0, "limit=0": 0, "limit=x": 0, "cursor=a%00b": 0} {
		w := serve(t, httptest.NewRequest("GET", "/?"+query, nil), func(c *gin.Context) {
			window, ok := BindWindow(c)
			if !ok {
				return
			}
			if window.Limit != want {
				t.Errorf("%q: limit %d", query, window.Limit)
			}
			List[string](c, nil, "")
		})
		if want == 0 && w.Code != 422 || want != 0 && w.Body.String() != `{"items":[],"next_cursor":null}` {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestIfMatch(t *testing.T) {
	for header, want := range map[string]int64{"": 0, "*": 0, `"7"`: 7, `W/"7"`: 7, `"0"`: -1, `"x"`: -1, `"-1"`: -1} {
		r := httptest.NewRequest("PATCH", "/", nil)
		r.Header.Set("If-Match", header)
		w := serve(t, r, func(c *gin.Context) {
			if version, ok := IfMatch(c); ok && version != want {
				t.Errorf("%q: version %d", header, version)
			}
		})
		if (want == -1) != (w.Code == 412) {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
}

func TestForm(t *testing.T) {
	type form struct {
		Name  string   `form:"name" text:"name,max=5"`
		Note  string   `form:"note" text:"long,max=50"`
		Count int64    `form:"count"`
		Yes   bool     `form:"yes"`
		Types []string `form:"types"`
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(url.Values{
		"name": {"too long"}, "note": {"a\r\nb"}, "count": {" 3 "}, "yes": {"on"}, "types": {"a", "b"}, "button": {"x"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got form
	serve(t, r, func(c *gin.Context) {
		if err := Form(c, &got); err == nil || !strings.Contains(err.Error(), "too_long") && !strings.Contains(err.Error(), "at most 5") {
			t.Errorf("got %v", err)
		}
	})
	if diff := cmp.Diff(form{"too long", "a\nb", 3, true, []string{"a", "b"}}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"name":"a","lines":[{"quantity":1}],"answers":{"a":"b"}}`, `[[[`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"name":"\ud83d"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var e *turnout.Error
		if err := Decode(body, &sample{}); err != nil && (!errors.As(err, &e) || e.Kind != turnout.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	})
}
