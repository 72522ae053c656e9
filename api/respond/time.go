package respond

import (
	"time"

	"github.com/gin-gonic/gin"
)

// TimeHeader tells doors the server's time (RFC 3339, milliseconds), so that they know what is missing from their clocks.
const TimeHeader = "Turnout-Time"

// TellTime puts the server's time into an answer.
func TellTime(c *gin.Context, now time.Time) {
	c.Header(TimeHeader, now.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}
