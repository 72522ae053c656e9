package pages

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"golang.org/x/image/vector"

	"turnout/api/access"
	"turnout/checkin"
)

// doorReason is a refusal as a paired phone says it alone: the partial "door-alone".
type doorReason struct {
	Reason checkin.Reason
	Tone   string
}

// doorReasons are the refusals with their tones.
func doorReasons() (list []doorReason) {
	for _, reason := range checkin.Reasons {
		list = append(list, doorReason{reason, toneOf(reason)})
	}
	return list
}

// keptHeader tells the door's worker that a page may be kept on the phone: it is a paired one's.
const keptHeader = "Turnout-Keep"

// DoorWorker is GET /door/worker.js: the service worker that opens the door without a network.
func (h *Handler) DoorWorker(c *gin.Context) { h.worker(c, "door-worker.js") }

// webApp is a web application manifest (W3C), which makes a page installable.
type webApp struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	ShortName  string    `json:"short_name"`
	StartURL   string    `json:"start_url"`
	Scope      string    `json:"scope"`
	Display    string    `json:"display"`
	Background string    `json:"background_color"`
	Theme      string    `json:"theme_color"`
	Icons      []appIcon `json:"icons"`
}

type appIcon struct {
	Source string `json:"src"`
	Sizes  string `json:"sizes"`
	Type   string `json:"type"`
}

// DoorApp is the manifest with which a paired phone installs its door.
func (h *Handler) DoorApp(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	url, dark := doorPath(access.Event(c), list.ID), "#0d0d13"
	c.Header("Content-Type", "application/manifest+json")
	c.JSON(http.StatusOK, webApp{ID: url, Name: h.Templates.Message(h.Language(c), "door.app", "Name", list.Name), ShortName: list.Name, StartURL: url, Scope: "/door/", Display: "standalone",
		Background: dark, Theme: dark, Icons: []appIcon{{"/door/icon-512.png", "512x512", "image/png"}, {"/favicon.ico", "any", "image/svg+xml"}}})
}

// DoorIcon is GET /door/icon-512.png: Turnout's mark for the phones that take no drawing.
func (h *Handler) DoorIcon(c *gin.Context) {
	body, err := doorIcon()
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "public, max-age=86400")
	c.Data(http.StatusOK, "image/png", body)
}

const iconSize = 512

// doorIcon draws the favicon: an open door, light behind it.
var doorIcon = sync.OnceValues(func() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, iconSize, iconSize))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{0x43, 0x38, 0xca, 0xff}), image.Point{}, draw.Src)
	for _, shape := range [][][2]float32{
		{{13, 10}, {20, 7}, {20, 25}, {13, 22.5}},                              // the leaf
		{{8.8, 25}, {8.8, 5.8}, {20, 5.8}, {20, 8.2}, {11.2, 8.2}, {11.2, 25}}, // the frame
		{{7, 23.8}, {25, 23.8}, {25, 26.2}, {7, 26.2}},                         // the floor
	} {
		pen := vector.NewRasterizer(iconSize, iconSize)
		for i, p := range shape {
			if x, y := p[0]*iconSize/32, p[1]*iconSize/32; i == 0 {
				pen.MoveTo(x, y)
			} else {
				pen.LineTo(x, y)
			}
		}
		pen.ClosePath()
		pen.Draw(picture, picture.Bounds(), image.White, image.Point{})
	}
	var b bytes.Buffer
	err := png.Encode(&b, picture)
	return b.Bytes(), err
})
