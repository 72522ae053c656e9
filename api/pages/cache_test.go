package pages

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"turnout/templates"
)

// Who asks after a change gets no page that was begun before it, and what was begun before it is not kept.
func TestNobodyJoinsABuildFromBeforeAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k cache
		says, release := "old", make(chan struct{})
		ask := func(waits bool) string {
			said := says
			page, err := k.page("event", htmlType, func() ([]byte, error) {
				if waits {
					<-release
				}
				return []byte(said), nil
			})
			if err != nil {
				t.Error(err)
				return ""
			}
			return string(page.body)
		}
		first := make(chan string)
		go func() { first <- ask(true) }()
		synctest.Wait() // the old page is being made
		says = "new"
		k.forget()
		after := make(chan string, 1)
		go func() { after <- ask(false) }()
		synctest.Wait()
		select {
		case got := <-after:
			if got != "new" {
				t.Errorf("after the change: %q", got)
			}
		default:
			t.Error("who asks after the change waits for the page from before it")
		}
		close(release)
		if got := <-first; got != "old" {
			t.Errorf("who asked before the change: %q", got)
		}
		if got := ask(false); got != "new" {
			t.Errorf("kept is %q", got)
		}
	})
}

// A build goes on when the request that began it is gone, but not for ever.
func TestABuildHasItsOwnDeadline(t *testing.T) {
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{Templates: set}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	ctx, leave := context.WithCancel(t.Context())
	leave()
	c.Request = httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	built := false
	h.cached(c, "page", htmlType, func(ctx context.Context, _ string) ([]byte, error) {
		built = true
		if ctx.Err() != nil {
			t.Errorf("the build ends with the request that began it: %v", ctx.Err())
		}
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > buildWithin {
			t.Errorf("deadline %v, %t", until, ok)
		}
		return []byte("page"), nil
	})
	if !built {
		t.Error("nothing was built")
	}
}

func TestWebOnly(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/x": "https://example.org/x", "http://example.org": "http://example.org",
		"https:": "", "https:///x": "", "javascript:alert(1)": "", "ftp://example.org": "", "example.org": "", "": "", "http://%": "",
	} {
		if got := webOnly(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
