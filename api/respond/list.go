package respond

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
)

// Sizes of a list's page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Window is the part of a list that a caller asks for: rows after the cursor, at most Limit of them.
type Window struct {
	Limit  int
	Cursor string // "" for the beginning; what an earlier answer gave as next_cursor
}

// ErrCursor refuses a cursor that no answer gave.
var ErrCursor = turnout.Invalidf("cursor", "invalid_cursor", "The cursor is a next_cursor that an earlier answer gave.")

// BindWindow reads ?limit= and ?cursor=. It answers the request itself and gives false when they make no sense.
func BindWindow(c *gin.Context) (Window, bool) {
	w := Window{Limit: DefaultLimit, Cursor: c.Query("cursor")}
	if text := c.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLimit {
			Fail(c, turnout.Invalidf("limit", "out_of_range", "The limit is between 1 and %d.", MaxLimit))
			return w, false
		}
		w.Limit = n
	}
	if len(w.Cursor) > defaultMax || strings.ContainsFunc(w.Cursor, func(r rune) bool { return r < '!' || r > '~' }) {
		Fail(c, ErrCursor)
		return w, false
	}
	return w, true
}

// Page is the body of every list.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"` // null at the end
}

// List answers 200 with one page of a list; next is the cursor of the page after it, "" at the end.
func List[T any](c *gin.Context, items []T, next string) {
	page := Page[T]{Items: items}
	if items == nil {
		page.Items = []T{}
	}
	if next != "" {
		page.NextCursor = &next
	}
	JSON(c, http.StatusOK, page)
}

// ETag names the version of what is answered.
func ETag(c *gin.Context, version int64) { c.Header("ETag", fmt.Sprintf(`"%d"`, version)) }

// IfMatch reads the version that an edit was made on, 0 when the caller named none ("*" among it). It answers the request
// itself and gives false when the header holds no ETag of ours.
func IfMatch(c *gin.Context) (version int64, ok bool) {
	named, ok := IfVersion(c)
	if !ok || named == nil {
		return 0, ok
	}
	if *named == 0 { // which is no version, and must not stand for none named
		Fail(c, turnout.ErrStale)
		return 0, false
	}
	return *named, true
}

// IfVersion is IfMatch for things whose first version is 0: nil when the caller named none.
func IfVersion(c *gin.Context) (version *int64, ok bool) {
	text := c.GetHeader("If-Match")
	if text == "" || text == "*" {
		return nil, true
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(text, "W/"), `"`), 10, 64)
	if err != nil || n < 0 {
		Fail(c, turnout.ErrStale.With("If-Match must be the ETag that an earlier answer gave."))
		return nil, false
	}
	return &n, true
}
