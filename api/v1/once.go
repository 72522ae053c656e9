package v1

import (
	"context"
	"encoding/json"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/ticketing"
)

// once makes something, or finds what the same request with its Idempotency-Key made before. in is the request's body, nil for none.
func once[T any](h *Handler, c *gin.Context, in any, create func(ctx context.Context) (T, error), find func(ctx context.Context, id turnout.ID) (T, error)) (made T, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return made, err
	}
	place := access.Community(c)
	if e := access.EventOrNone(c); e != nil {
		place = e.ID
	}
	asked := append([]byte(c.Request.URL.Path+"\n"), body...)
	ctx, err := ticketing.WithKey(c.Request.Context(), c.GetHeader("Idempotency-Key"), asked, c.Request.Method+" "+c.FullPath(), string(place), string(access.Who(c).ID()))
	if err != nil {
		return made, err
	}
	before, err := h.Ticketing.MadeBefore(ctx)
	if err == nil && before == "" {
		if made, err = create(ctx); err == nil {
			return made, nil
		}
		failed := err
		if before, err = h.Ticketing.MadeBefore(ctx); err == nil && before == "" { // an equal request in the same moment may have been faster
			return made, failed
		}
	}
	if err != nil {
		return made, err
	}
	c.Header("Idempotent-Replayed", "true")
	return find(ctx, before)
}
