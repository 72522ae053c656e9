package pages

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
)

// formReader reads what an organiser typed, notes what is wrong field by field, and remembers the wall-clock times that a
// clock change made doubtful.
type formReader struct {
	turnout.Problems
	zone   *time.Location
	point  string // the decimal sign of the language
	doubts []doubt
	order  []string // the fields, as the form's struct has them
}

// doubt is a wall-clock time that does not exist, or exists twice, with the instant that was taken.
type doubt struct {
	typed string
	how   events.Resolution
	taken time.Time
}

// read fills the form's struct and notes its problems. Errors of another sort than the fields' cannot happen to a form that
// arrived whole.
func (f *formReader) read(c *gin.Context, into any) {
	form := reflect.TypeOf(into).Elem()
	for i := range form.NumField() {
		f.order = append(f.order, form.Field(i).Tag.Get("form"))
	}
	if err := respond.Form(c, into); err != nil {
		if fields := respond.Public(err).Fields; len(fields) > 0 {
			f.Problems = append(f.Problems, fields...)
		} else {
			f.Add("", respond.Public(err).Code, "%s", respond.Public(err).Message)
		}
	}
}

// clock reads a time as clocks in the zone show it; the zero time when nothing was typed.
func (f *formReader) clock(field, typed string) time.Time {
	if typed == "" {
		return time.Time{}
	}
	at, how, err := events.ResolveLocal(typed, f.zone)
	if err != nil {
		f.Add(field, "local_time", "%s", events.ErrWallClock.Message)
		return time.Time{}
	}
	if how != events.Exact {
		f.doubts = append(f.doubts, doubt{typed, how, at})
	}
	return at
}

// money reads an amount typed in decimals; nothing typed is 0.
func (f *formReader) money(field, typed, currency string) turnout.Money {
	if typed == "" {
		return turnout.Money{Currency: currency}
	}
	m := f.Typed(field, typed, currency, f.point)
	if m.Amount > turnout.MaxAmount {
		f.Price(field, m, turnout.MaxAmount)
	}
	return m
}

// number reads a whole number that may be left out.
func (f *formReader) number(field, typed string) *int64 {
	if typed == "" {
		return nil
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // then it is the largest there is, and too large where it is used
		f.Add(field, "wrong_type", "This must be a whole number.")
		return nil
	}
	return &n
}

// then carries out the use case when the form could be read. Else it gives all that is wrong at once: what could not be read,
// and what check (nil for none) says of the rest.
func (f *formReader) then(check, do func() error) error {
	if f.Err() == nil {
		return do()
	}
	if check != nil {
		f.Join(respond.Public(check()).Fields)
	}
	slices.SortStableFunc(f.Problems, func(a, b turnout.FieldError) int {
		return cmp.Compare(slices.Index(f.order, a.Name), slices.Index(f.order, b.Name))
	})
	return f.Err()
}

// saved answers a form that was carried out: the message, or a warning that says how doubtful times were read.
func (h *Handler) saved(c *gin.Context, f *formReader, to, message string) {
	if len(f.doubts) == 0 {
		h.Redirect(c, to, "ok", message)
		return
	}
	lines := []string{message}
	for _, d := range f.doubts {
		lines = append(lines, h.text(c, "console.clock."+string(d.how), "Typed", strings.Replace(d.typed, "T", " ", 1),
			"Taken", h.Templates.Moment(h.Language(c), d.taken, f.zone.String())))
	}
	h.Redirect(c, to, "warn", strings.Join(lines, " "))
}

// wallClock writes an instant for a form's field; "" for none.
func wallClock(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2006-01-02T15:04")
}

// point is the sign before the decimals in the page's language.
func (h *Handler) point(c *gin.Context) string { return h.text(c, "format.decimal") }

// decimal writes an amount for a form's field, as people of the language type it: "1250,00".
func decimal(amount int64, currency, point string) string {
	return strings.Replace(turnout.Money{Amount: amount, Currency: currency}.Decimal(), ".", point, 1)
}

func whole(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

var errNoFile = turnout.Invalidf("file", "required", "Choose a file first.")

// upload reads the file of a multipart form, at most limit bytes.
func upload(c *gin.Context, limit int64) ([]byte, error) {
	body := c.Request.Body
	c.Request.Body = http.MaxBytesReader(nil, body, limit+64<<10) // and the form around it
	file, header, err := c.Request.FormFile("file")
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge || (err == nil && header.Size > limit) {
		respond.Drain(body)
		return nil, turnout.Invalidf("file", "file_too_large", "This file is larger than %d MB, the most that can be taken here.", limit>>20)
	}
	if err != nil || header.Size == 0 {
		return nil, errNoFile
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}

// options makes the choices of a select from a list.
func options[T any](list []T, option func(T) templates.Option) []templates.Option {
	out := make([]templates.Option, len(list))
	for i, item := range list {
		out[i] = option(item)
	}
	return out
}
