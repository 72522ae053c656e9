package pages

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/templates"
)

// pairPage is the data of the page "pair".
type pairPage struct {
	templates.Chrome
	State   string // "" asks for the code, "failed" says why it opened nothing, "ended" that the phone is no scanner any more, "left" that it left
	Message string // of "failed"
	Offered string // code that was typed and opened nothing
}

// PairPage is GET /pair: what the QR of a device opens. The code stands in the address's fragment, where only the page's script reads
// it; without scripts it is typed.
func (h *Handler) PairPage(c *gin.Context) {
	state := ""
	if c.Query("left") != "" {
		state = "left"
	}
	h.renderPair(c, http.StatusOK, pairPage{State: state})
}

func (h *Handler) renderPair(c *gin.Context, status int, data pairPage) {
	data.Chrome = templates.Chrome{Title: h.text(c, "pair.title"), Path: checkin.PairingPath, NoIndex: true, Demo: h.Demo, Scripts: []string{"pair.js"}}
	h.Render(c, status, "pair", data)
}

// Pair is POST /pair: the browser that sends the code becomes the device, by a cookie.
func (h *Handler) Pair(c *gin.Context) {
	ctx := c.Request.Context()
	_, code, isLink := strings.Cut(c.PostForm("code"), "#") // a whole link, or its end
	if !isLink {
		code = c.PostForm("code")
	}
	code = strings.TrimSpace(code)
	before := h.pairedAs(c)
	if before != nil && !strings.HasPrefix(code, string(before.ID)+".") && c.PostForm("confirmed") == "" { // a link may come from anybody
		h.askFirst(c, h.doorChrome(c, ""), h.text(c, "pair.instead_ask", "Name", before.Name), placeOf(before))
		return
	}
	device, token, err := h.CheckIn.Pair(ctx, code, c.ClientIP())
	if errors.Is(err, checkin.ErrPairingUsed) && before != nil && strings.HasPrefix(code, string(before.ID)+".") {
		c.Redirect(http.StatusSeeOther, placeOf(before)) // by this phone itself
		return
	}
	if err != nil {
		respond.Log(ctx, err)
		public := respond.Public(err)
		h.renderPair(c, respond.Status(err), pairPage{State: "failed", Message: h.Templates.ErrorText(h.Language(c), public)})
		return
	}
	if before != nil && before.ID != device.ID { // one phone is one device
		if err := h.CheckIn.Unpair(ctx, before); err != nil {
			respond.Log(ctx, err)
		}
	}
	// A while longer than the device: its page can still say what happened.
	h.setDevice(c, token, device.Until().Sub(h.Now())+30*24*time.Hour)
	c.Redirect(http.StatusSeeOther, placeOf(device))
}

// placeOf is where a device does its work: the doors of its event, or its sponsor's page for leads.
func placeOf(d *checkin.Device) string {
	if d.Role == checkin.Leads {
		return "/door/" + d.EventSlug + "/leads"
	}
	return "/door/" + d.EventSlug
}

// pairedAs is the device that the browser is paired as, nil for none.
func (h *Handler) pairedAs(c *gin.Context) *checkin.Device {
	token, err := c.Cookie(h.deviceCookie())
	if err != nil {
		return nil
	}
	device, err := h.CheckIn.Authenticate(c.Request.Context(), token, checkin.Heartbeat{})
	if err != nil {
		return nil
	}
	return device
}

func (h *Handler) deviceCookie() string { return access.DeviceCookie(h.overTLS()) }

func (h *Handler) overTLS() bool { return strings.HasPrefix(h.BaseURL, "https://") }

// setDevice makes the browser the device, for a while; without a token it is none any more.
func (h *Handler) setDevice(c *gin.Context, token string, life time.Duration) {
	age := int(life.Seconds())
	if token == "" {
		age = -1
	}
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure wherever the installation is: it may run without TLS on a local machine
		Name: h.deviceCookie(), Value: token, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: h.overTLS()})
}

// Unpair is POST /door/{event}/unpair: the phone is no scanner any more.
func (h *Handler) Unpair(c *gin.Context) {
	device := access.Who(c).Device
	if c.PostForm("confirmed") == "" {
		h.askFirst(c, h.doorChrome(c, ""), h.text(c, "door.unpair_ask", "Name", device.Name), placeOf(device))
		return
	}
	if err := h.CheckIn.Unpair(c.Request.Context(), device); err != nil {
		h.Fail(c, err)
		return
	}
	h.setDevice(c, "", 0)
	c.Redirect(http.StatusSeeOther, checkin.PairingPath+"?left=1")
}

// doorCaller is what the door's pages say of a paired phone, and what they leave out for it: the zero value is staff.
type doorCaller struct {
	Device    *checkin.Device // nil: staff
	MaySearch bool
	MayUndo   bool
	Kiosk     bool   // people scan their own tickets
	Page      string // version of the page
}

func (h *Handler) doorCaller(c *gin.Context) doorCaller {
	who := access.Who(c)
	return doorCaller{Device: who.Device, MaySearch: who.Covers(checkin.Searching), MayUndo: who.Covers(checkin.Supervisor), Kiosk: isKiosk(c), Page: h.Templates.DoorVersion()}
}

// isKiosk says whether the page is for people who scan their own tickets.
func isKiosk(c *gin.Context) bool {
	device := access.Who(c).Device
	return device != nil && device.Role == checkin.Kiosk
}

// servedLists leaves out the lists that a device may not use.
func servedLists(c *gin.Context, lists []*checkin.List) (served []*checkin.List) {
	for _, list := range lists {
		if access.Who(c).Serves(list) {
			served = append(served, list)
		}
	}
	return served
}

// sawScan reports whether whoever asks may see a scan's answer: a device that takes no scans back sees its own alone.
func sawScan(c *gin.Context, scan *checkin.Scan) bool {
	who := access.Who(c)
	return who.Covers(checkin.Supervisor) || turnout.ID(scan.Caller) == who.ID()
}
