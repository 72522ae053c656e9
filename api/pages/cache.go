package pages

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/singleflight"

	"turnout/api/site"
)

// cache keeps public pages as bytes. Each is made at most once a second, by one request for all that wait, and its ETag is a
// hash of what it says: as long as it says the same, browsers are answered 304. A change by staff in this process empties
// the cache ([Handler.Changed]), so it is seen at once here and within a second elsewhere. Its zero value is ready.
type cache struct {
	mu    sync.Mutex
	pages map[string]*cachedPage
	turn  uint64 // rises when the cache is emptied: what was begun before is not kept
	group singleflight.Group
}

type cachedPage struct {
	body, gzipped []byte
	tag           string
	contentType   string
	until         time.Time
}

const (
	cacheFor   = time.Second
	cacheLimit = 2000 // pages; a crawler that asks for every language of every event must not fill the memory
)

func (k *cache) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	clear(k.pages)
}

func (k *cache) page(key, contentType string, build func() ([]byte, error)) (*cachedPage, error) {
	k.mu.Lock()
	page, turn := k.pages[key], k.turn
	k.mu.Unlock()
	if page != nil && time.Now().Before(page.until) {
		return page, nil
	}
	// The turn is part of the flight's name: who asks after a change joins nothing that was begun before it.
	made, err, _ := k.group.Do(strconv.FormatUint(turn, 10)+" "+key, func() (any, error) {
		body, err := build()
		if err != nil {
			return nil, err
		}
		fresh := newCachedPage(body, contentType, page)
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.turn == turn {
			if k.pages == nil || len(k.pages) >= cacheLimit {
				k.pages = map[string]*cachedPage{}
			}
			k.pages[key] = fresh
		}
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*cachedPage), nil
}

// newCachedPage compresses the body, unless it is what the page before it was.
func newCachedPage(body []byte, contentType string, before *cachedPage) *cachedPage {
	page := &cachedPage{body: body, contentType: contentType, until: time.Now().Add(cacheFor)}
	if before != nil && bytes.Equal(before.body, body) {
		page.gzipped, page.tag = before.gzipped, before.tag
		return page
	}
	sum := sha256.Sum256(body)
	page.tag = hex.EncodeToString(sum[:12])
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	page.gzipped = out.Bytes()
	return page
}

// send answers with the page, its compressed copy, or 304.
func (p *cachedPage) send(c *gin.Context) {
	h := c.Writer.Header()
	body, tag := p.body, `"`+p.tag+`"`
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		body, tag = p.gzipped, `"`+p.tag+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, no-cache") // keep it, and ask each time whether it changed
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if strings.Contains(c.GetHeader("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	c.Data(http.StatusOK, p.contentType, body)
}

// Changed empties the cache of public pages: something that they show may be another now.
func (h *Handler) Changed() { h.cache.forget() }

// buildWithin is the time that making a public page may take; its queries are given up then.
const buildWithin = 30 * time.Second

// cached answers with a page that is the same for everybody who reads its language; key names what it shows. Many may wait for
// one build: its context outlives the request that began it.
func (h *Handler) cached(c *gin.Context, key, contentType string, build func(ctx context.Context, lang string) ([]byte, error)) {
	lang := h.Language(c)
	if site.Copying(c.Request.Context()) { // once through all pages: what others read stays
		body, err := build(c.Request.Context(), lang)
		if err != nil {
			h.Fail(c, err)
			return
		}
		c.Data(http.StatusOK, contentType, body)
		return
	}
	page, err := h.cache.page(key+"\x00"+lang, contentType, func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), buildWithin)
		defer cancel()
		return build(ctx, lang)
	})
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.keepLanguage(c)
	page.send(c)
}

// draw renders a page to bytes.
func (h *Handler) draw(lang, name string, data any) ([]byte, error) {
	var body bytes.Buffer
	err := h.Templates.Page(&body, lang, name, data)
	return body.Bytes(), err
}

const (
	htmlType     = "text/html; charset=utf-8"
	calendarType = "text/calendar; charset=utf-8"
	pdfType      = "application/pdf"
)
