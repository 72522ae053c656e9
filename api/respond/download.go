package respond

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	patience     = time.Minute     // that a caller may take for the next piece of a download
	beginsWithin = 5 * time.Minute // that a download may take until its first piece
)

// Unhurried gives a context for work that takes longer than the answer to a page may: it ends when the caller goes away in the time of a page, and when it is canceled.
func Unhurried(c *gin.Context) (context.Context, context.CancelFunc) {
	asked := c.Request.Context()
	ctx, cancel := context.WithCancel(context.WithoutCancel(asked))
	stop := context.AfterFunc(asked, func() {
		if errors.Is(asked.Err(), context.Canceled) {
			cancel()
		}
	})
	return ctx, func() {
		stop()
		cancel()
	}
}

// Download answers with a file that is made as it is sent, however long that takes. name is of ASCII letters, digits, points and
// hyphens. What fails before the first byte is given back, to be answered; what fails later ends the connection, so that nobody takes
// half a file for a whole one.
func Download(c *gin.Context, name, contentType string, write func(w io.Writer) error) error {
	out := &download{c: c, name: name, contentType: contentType, control: http.NewResponseController(c.Writer)}
	_ = out.control.SetWriteDeadline(time.Now().Add(beginsWithin)) // tests have none to set
	err := write(out)
	if err == nil || !out.begun {
		return err
	}
	Log(c.Request.Context(), err)
	panic(http.ErrAbortHandler)
}

// download sets the headers with its first byte, and gives the caller new time with each piece.
type download struct {
	c                 *gin.Context
	name, contentType string
	control           *http.ResponseController
	begun             bool
}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.c.Header("Cache-Control", "private, no-store")
		d.c.Header("Content-Type", d.contentType)
		d.c.Header("Content-Disposition", `attachment; filename="`+d.name+`"`)
		d.c.Status(http.StatusOK)
	}
	_ = d.control.SetWriteDeadline(time.Now().Add(patience)) // tests have none to set
	return d.c.Writer.Write(p)
}
