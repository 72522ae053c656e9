// Package respond reads requests and writes answers in the one manner of the outside surface: [Bind] takes a JSON body
// strictly, [Fail] is the only door through which errors leave, and lists, versions and cursors look the same everywhere.
package respond

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/internal/logging"
)

// ProblemType is the media type of an error's body (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is the body of every error under /api, a problem document of RFC 9457 with three members of our own: a stable
// code, the request id that the log has too, and the fields that need a change (an empty list when it is about none).
type Problem struct {
	Type      string               `json:"type"`
	Title     string               `json:"title"`
	Status    int                  `json:"status"`
	Detail    string               `json:"detail"`
	Code      string               `json:"code"`
	RequestID string               `json:"request_id"`
	Fields    []turnout.FieldError `json:"fields"`
}

// ErrInternal is what callers see of every failure that is ours.
var ErrInternal = &turnout.Error{Kind: turnout.Internal, Code: "internal", Message: "Something went wrong on our side. Try again; if it stays, tell us the request id."}

// errGone stands for a caller who left before the answer.
var errGone = &turnout.Error{Kind: turnout.Unavailable, Code: "canceled", Message: "The request was given up before its answer was ready."}

var statuses = map[turnout.Kind]int{
	turnout.Internal:        http.StatusInternalServerError,
	turnout.Invalid:         http.StatusUnprocessableEntity,
	turnout.NotFound:        http.StatusNotFound,
	turnout.Conflict:        http.StatusConflict,
	turnout.Forbidden:       http.StatusForbidden,
	turnout.Unauthenticated: http.StatusUnauthorized,
	turnout.TooMany:         http.StatusTooManyRequests,
	turnout.TooLarge:        http.StatusRequestEntityTooLarge,
	turnout.Stale:           http.StatusPreconditionFailed,
	turnout.Unavailable:     http.StatusServiceUnavailable,
}

// Status gives the HTTP status of an error's kind.
func Status(err error) int { return statuses[Public(err).Kind] }

// Public is what a caller may see of an error: the turnout.Error in it, or one bland sentence for anything else.
func Public(err error) *turnout.Error {
	if e, ok := errors.AsType[*turnout.Error](err); ok && e.Kind != turnout.Internal {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errGone
	}
	return ErrInternal
}

// Log writes an error that is ours whole, with the stack of where it was answered; what callers did wrong is in the access
// log by its status.
func Log(ctx context.Context, err error) {
	if Public(err).Kind == turnout.Internal {
		slog.ErrorContext(ctx, "request failed", "error", err, "stack", string(debug.Stack()))
	}
}

// Fail answers with the error as a problem document and ends the chain of handlers.
func Fail(c *gin.Context, err error) {
	Log(c.Request.Context(), err)
	e := Public(err)
	status := statuses[e.Kind]
	switch e.Kind {
	case turnout.TooMany, turnout.Unavailable:
		if c.Writer.Header().Get("Retry-After") == "" {
			c.Header("Retry-After", "1")
		}
	case turnout.Unauthenticated:
		c.Header("WWW-Authenticate", `Bearer realm="turnout"`)
	}
	problem(c, status, e)
}

// FailStatus answers with a problem document for what HTTP itself refuses and no turnout.Error stands for (405, 400).
func FailStatus(c *gin.Context, status int, code, message string) {
	problem(c, status, &turnout.Error{Code: code, Message: message})
}

func problem(c *gin.Context, status int, e *turnout.Error) {
	fields := e.Fields
	if fields == nil {
		fields = []turnout.FieldError{}
	}
	write(c, status, ProblemType, Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.Message, Code: e.Code, RequestID: logging.RequestID(c.Request.Context()), Fields: fields,
	})
	c.Abort()
}

// JSON answers with a body of our own structs.
func JSON(c *gin.Context, status int, body any) {
	write(c, status, "application/json; charset=utf-8", body)
}

// Attachment answers with a file that is only ever saved: what strangers sent must not act in our pages' name.
func Attachment(c *gin.Context, name string, data []byte) {
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Header("Cache-Control", "private, no-store")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, "application/octet-stream", data)
}

// write encodes first and sends then, so that a body that cannot be encoded still becomes an error and not half an answer.
func write(c *gin.Context, status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		Log(c.Request.Context(), err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(text)))
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	c.Status(status)
	_, _ = c.Writer.Write(text) // the caller may be gone; there is nobody left to tell
}

// NoContent answers 204.
func NoContent(c *gin.Context) {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
}
