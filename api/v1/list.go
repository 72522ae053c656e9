package v1

import (
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
)

// cut takes the row that was asked for beyond the limit away again: its being there says that a page follows.
func cut[T any](rows []T, limit int, id func(T) turnout.ID) (page []T, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], string(id(rows[limit-1]))
}

// answerAll answers the part of a list that the request's limit and cursor name. It is for the few things that an event or a
// community has and that are read at once; key tells them apart.
func answerAll[T, R any](c *gin.Context, all []T, key func(T) turnout.ID, answer func(T) R) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	if window.Cursor != "" {
		before := slices.IndexFunc(all, func(row T) bool { return string(key(row)) == window.Cursor })
		if before < 0 {
			respond.Fail(c, respond.ErrCursor)
			return
		}
		all = all[before+1:]
	}
	rows, next := cut(all, window.Limit, key)
	items := make([]R, len(rows))
	for i, row := range rows {
		items[i] = answer(row)
	}
	respond.List(c, items, next)
}
