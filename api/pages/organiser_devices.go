package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/people"
	"turnout/templates"
)

// deviceRow is a device as the console shows it.
type deviceRow struct {
	*checkin.Device
	State    checkin.DeviceState
	ListName string // "" for every list
	Outdated bool   // its door page is not the one that this server gives now
	URL      string
}

func (h *Handler) deviceRow(d *checkin.Device, lists []*checkin.List) deviceRow {
	row := deviceRow{Device: d, State: d.State(h.Now()), Outdated: d.PageVersion != "" && d.PageVersion != h.Templates.DoorVersion(), URL: "/console/events/" + d.EventSlug + "/devices/" + string(d.ID)}
	for _, list := range lists {
		if list.ID == d.ListID {
			row.ListName = list.Name
		}
	}
	return row
}

type devicesPage struct {
	templates.Chrome
	Event    *events.Event
	Now      time.Time
	Base     string
	Rows     []deviceRow
	Total    int // of the event
	Online   int
	Search   string
	CanWrite bool
}

// searchable is the number of devices from which on a search is offered.
const searchable = 8

// Searchable says whether the list is long enough for a search.
func (p devicesPage) Searchable() bool { return p.Total > searchable || p.Search != "" }

// deviceOrder puts first what is at work, last what is over.
var deviceOrder = []checkin.DeviceState{checkin.DeviceOnline, checkin.DeviceOffline, checkin.DeviceWaiting, checkin.DeviceUnpaired, checkin.DeviceExpired, checkin.DeviceRevoked}

// EventDevices is GET /console/events/{event}/devices: the scanners at the doors. The part "list" is what the page asks for again
// every few seconds.
func (h *Handler) EventDevices(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	page := devicesPage{Event: e, Now: h.Now(), Base: eventPath(e) + "/devices", Search: strings.TrimSpace(c.Query("q")), CanWrite: may(c, "events:write")}
	devices, err := h.CheckIn.Devices(ctx, e.CommunityID, e.ID)
	var lists []*checkin.List
	if err == nil {
		lists, err = h.CheckIn.Lists(ctx, e.CommunityID, e.ID)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	for _, d := range devices {
		row := h.deviceRow(d, lists)
		page.Total++
		if row.State == checkin.DeviceOnline {
			page.Online++
		}
		if matches(page.Search, d.Name, d.Gate, row.ListName) {
			page.Rows = append(page.Rows, row)
		}
	}
	slices.SortStableFunc(page.Rows, func(a, b deviceRow) int {
		return cmp.Compare(slices.Index(deviceOrder, a.State), slices.Index(deviceOrder, b.State))
	})
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "console_devices", "list", page)
		return
	}
	var ok bool
	if page.Chrome, ok = h.devicesChrome(c, h.text(c, "console.devices.title"), false); ok {
		h.Render(c, http.StatusOK, "console_devices", page)
	}
}

// matches reports whether each word of the search begins a word of the texts, whatever the case and the accents.
func matches(search string, texts ...string) bool {
	words := people.Fold(strings.Join(texts, " "))
	return !slices.ContainsFunc(people.Fold(search), func(wanted string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, wanted) })
	})
}

// devicesChrome is the frame of the pages about devices; those below the list lead back to it.
func (h *Handler) devicesChrome(c *gin.Context, title string, below bool) (templates.Chrome, bool) {
	chrome, ok := h.eventConsole(c, title, "nav.checkin")
	base := eventPath(access.Event(c))
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.checkin"), URL: base + "/check-in"})
	if below {
		chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "console.devices.title"), URL: base + "/devices"})
	}
	return chrome, ok
}

type deviceForm struct {
	Name      string `form:"name" text:"name,max=100"`
	Gate      string `form:"gate" text:"name,max=60"`
	Role      string `form:"role" text:"name,max=20"`
	ListID    string `form:"list_id" text:"name,max=60"`
	ExpiresAt string `form:"expires_at" text:"name,max=40"`
	Version   int64  `form:"version"`
}

type devicePage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    *events.Event
	Now      time.Time
	Form     deviceForm
	Row      *deviceRow // nil for a new one
	Roles    []checkin.Role
	Lists    []templates.Option
	BackURL  string
	EndsAt   time.Time // when nothing else is chosen
	CanWrite bool
}

// EventDevice is GET /console/events/{event}/devices/new and …/devices/{device}.
func (h *Handler) EventDevice(c *gin.Context) {
	if c.Param("device") == "" {
		h.renderDevice(c, http.StatusOK, nil, deviceForm{Role: string(checkin.ScanOnly)}, nil)
		return
	}
	d := h.device(c)
	if d == nil {
		return
	}
	h.renderDevice(c, http.StatusOK, d, deviceForm{Name: d.Name, Gate: d.Gate, Role: string(d.Role), ListID: string(d.ListID), ExpiresAt: wallClock(d.ExpiresAt, access.Event(c).Location()), Version: d.Version}, nil)
}

func (h *Handler) renderDevice(c *gin.Context, status int, d *checkin.Device, form deviceForm, shown templates.Errors) {
	e := access.Event(c)
	lists, err := h.CheckIn.Lists(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := devicePage{Errors: shown, Event: e, Now: h.Now(), Form: form, Roles: checkin.Roles, BackURL: eventPath(e) + "/devices",
		Lists: []templates.Option{{Text: h.text(c, "console.devices.every_list")}}, EndsAt: (&checkin.Device{EventEndsAt: e.EndsAt}).Until(), CanWrite: may(c, "events:write")}
	for _, list := range lists {
		page.Lists = append(page.Lists, templates.Option{Value: string(list.ID), Text: list.Name})
	}
	title := h.text(c, "console.devices.new")
	if sponsorOf(d) != "" {
		page.Roles = []checkin.Role{checkin.Leads}
	}
	if d != nil {
		row := h.deviceRow(d, lists)
		page.Row, title = &row, d.Name
	}
	if wantsPart(c) {
		h.RenderPart(c, status, "console_device", "standing", page)
		return
	}
	var ok bool
	if page.Chrome, ok = h.devicesChrome(c, title, true); ok {
		h.Render(c, status, "console_device", page)
	}
}

// device is the device in the path, of the event in the path; nil when the error was answered.
func (h *Handler) device(c *gin.Context) *checkin.Device {
	e := access.Event(c)
	d, err := h.CheckIn.FindDevice(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("device")))
	if err == nil && d.EventID != e.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil
	}
	return d
}

// SaveDevice is POST /console/events/{event}/devices/new, which answers with the page of the pairing code, and …/devices/{device}.
func (h *Handler) SaveDevice(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var before *checkin.Device
	if c.Param("device") != "" {
		if before = h.device(c); before == nil {
			return
		}
	}
	var in deviceForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	input := checkin.DeviceInput{Name: in.Name, Gate: in.Gate, Role: checkin.Role(in.Role), SponsorID: sponsorOf(before), ListID: turnout.ID(in.ListID), ExpiresAt: form.clock("expires_at", in.ExpiresAt)}
	var opening checkin.Opening
	var device *checkin.Device
	err := form.then(input.Check, func() (err error) {
		if before == nil {
			device, opening, err = h.CheckIn.CreateDevice(ctx, e.CommunityID, e.ID, input)
		} else {
			device, err = h.CheckIn.UpdateDevice(ctx, e.CommunityID, before.ID, in.Version, input)
		}
		return err
	})
	switch {
	case err == nil && before == nil:
		h.renderPairing(c, device, opening)
	case err == nil:
		h.saved(c, &form, eventPath(e)+"/devices/"+string(device.ID), h.text(c, "console.saved"))
	default:
		if shown, status, ok := h.refused(c, err); ok {
			h.renderDevice(c, status, before, in, shown)
		}
	}
}

// sponsorOf is the sponsor whose staff has a device, "" for a door's and for a new one.
func sponsorOf(d *checkin.Device) turnout.ID {
	if d == nil {
		return ""
	}
	return d.SponsorID
}

// RevokeDevice is POST /console/events/{event}/devices/{device}/revoke.
func (h *Handler) RevokeDevice(c *gin.Context) {
	d := h.device(c)
	if d == nil {
		return
	}
	back := eventPath(access.Event(c)) + "/devices/" + string(d.ID)
	if h.confirmed(c, h.text(c, "console.devices.revoke_ask", "Name", d.Name), back) {
		_, err := h.CheckIn.RevokeDevice(c.Request.Context(), d.CommunityID, d.ID)
		h.done(c, err, back, h.text(c, "console.devices.revoked", "Name", d.Name))
	}
}

// RepairDevice is POST /console/events/{event}/devices/{device}/pairing: a new code, and the phone that was paired is out.
func (h *Handler) RepairDevice(c *gin.Context) {
	d := h.device(c)
	if d == nil {
		return
	}
	back := eventPath(access.Event(c)) + "/devices/" + string(d.ID)
	if !h.confirmed(c, h.text(c, "console.devices.repair_ask", "Name", d.Name), back) {
		return
	}
	d, opening, err := h.CheckIn.RepairDevice(c.Request.Context(), d.CommunityID, d.ID)
	if err != nil {
		h.done(c, err, back, "")
		return
	}
	h.renderPairing(c, d, opening)
}

type pairingPage struct {
	templates.Chrome
	Event   *events.Event
	Now     time.Time
	Row     *deviceRow
	Opening checkin.Opening
	Link    string
	BackURL string
	NoTLS   bool // phones' browsers give a page without https no camera
}

// renderPairing shows what opens a device. It answers the POST itself: what it shows is stored nowhere, not even for the moment of a
// redirect.
func (h *Handler) renderPairing(c *gin.Context, d *checkin.Device, o checkin.Opening) {
	chrome, ok := h.devicesChrome(c, h.text(c, "console.devices.pair_title", "Name", d.Name), true)
	if !ok {
		return
	}
	row := h.deviceRow(d, nil)
	h.Render(c, http.StatusCreated, "console_pairing", pairingPage{Chrome: chrome, Event: access.Event(c), Now: h.Now(), Row: &row, Opening: o, Link: checkin.PairingURL(h.BaseURL, o.Pairing),
		BackURL: eventPath(access.Event(c)) + "/devices", NoTLS: !h.overTLS()})
}
