package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
)

// deviceText says how a device calls.
const deviceText = "A device is a registered scanner of one event. A machine uses the token as its bearer token; a phone that opens pairing_url is paired without an account, " +
	"and the token ends. Both are shown once. The device may call only: the check-in lists of its event (or the one that it is bound to), their scans and stats; and, as a supervisor, annul a scan. " +
	"With any call it may say in the headers Turnout-Queue (scans that wait on it) and Turnout-Page (version of its page) how it stands."

var deviceOperations = operations{
	"POST /events/{event}/devices": {Summary: "Register a device for a door", Text: deviceText, In: deviceRequest{}, Out: openedDeviceResponse{}, Status: 201, Version: true},
	"GET /events/{event}/devices":  {Summary: "The devices of an event", Out: respond.Page[deviceResponse]{}, Query: window},
	"GET /devices/{id}":            {Summary: "A device", Out: deviceResponse{}, Version: true},
	"PATCH /devices/{id}":          {Summary: "Change a device", Text: "What is not sent stays.", In: devicePatch{}, Out: deviceResponse{}, Version: true},
	"DELETE /devices/{id}":         {Summary: "Revoke a device, at once", Text: "It stays in the list; a new pairing lets it work again.", Out: deviceResponse{}},
	"POST /devices/{id}/pairing": {Summary: "Pair a device again", Text: "Gives a new token and a new pairing_url; those before end at once.",
		Out: openedDeviceResponse{}, Status: 201, Errors: []int{409}},
}

type deviceRequest struct {
	Name      string       `json:"name" required:"true" text:"name,max=100"`
	Gate      string       `json:"gate" text:"name,max=60" doc:"of all its scans; without one each scan may name its own"`
	ListID    turnout.ID   `json:"list_id" doc:"the only check-in list that it may use; all of the event's when absent"`
	Role      checkin.Role `json:"role" enum:"scan,search,supervisor,kiosk,leads" doc:"scan (codes only) when absent; search finds tickets by name too, supervisor also takes scans back; kiosk may what scan may, and its page is for people who scan their own tickets; leads scans badges for a sponsor, and nothing at a door"`
	SponsorID turnout.ID   `json:"sponsor_id" doc:"of leads: whose staff has it"`
	ExpiresAt time.Time    `json:"expires_at" doc:"a day after the event's end when absent"`
}

type devicePatch struct {
	Name      *string       `json:"name" text:"name,max=100"`
	Gate      *string       `json:"gate" text:"name,max=60"`
	ListID    *turnout.ID   `json:"list_id" doc:"\"\" for all lists of the event"`
	Role      *checkin.Role `json:"role" enum:"scan,search,supervisor,kiosk,leads"`
	ExpiresAt *time.Time    `json:"expires_at"`
	Drop      []string      `json:"drop" doc:"expires_at: the device ends a day after the event's end again"`
}

func (in *devicePatch) apply(d *checkin.DeviceInput) error {
	set(&d.Name, in.Name)
	set(&d.Gate, in.Gate)
	set(&d.ListID, in.ListID)
	set(&d.Role, in.Role)
	set(&d.ExpiresAt, in.ExpiresAt)
	for _, name := range in.Drop {
		if name != "expires_at" {
			return turnout.Invalidf("drop", "unknown", "Only expires_at can be taken away.")
		}
		d.ExpiresAt = time.Time{}
	}
	return nil
}

type deviceResponse struct {
	ID          turnout.ID          `json:"id"`
	EventID     turnout.ID          `json:"event_id"`
	ListID      *turnout.ID         `json:"list_id" doc:"null: every list of the event"`
	SponsorID   *turnout.ID         `json:"sponsor_id" doc:"of leads; null for doors' devices"`
	Name        string              `json:"name"`
	Gate        string              `json:"gate"`
	Role        checkin.Role        `json:"role" enum:"scan,search,supervisor,kiosk,leads"`
	State       checkin.DeviceState `json:"state" enum:"waiting,online,offline,unpaired,revoked,expired" doc:"waiting: nobody used the pairing code or the token yet; online: seen within a minute"`
	ExpiresAt   time.Time           `json:"expires_at"`
	PairedAt    *time.Time          `json:"paired_at" doc:"when a phone took the newest pairing code"`
	LastSeenAt  *time.Time          `json:"last_seen_at" doc:"to the half minute"`
	QueueLength int64               `json:"queue_length" doc:"scans that waited on it when it was last seen"`
	PageVersion string              `json:"page_version" doc:"of its door page, when it was last seen"`
	Version     int64               `json:"version"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
}

type openedDeviceResponse struct {
	deviceResponse
	Token            string    `json:"token" doc:"shown once"`
	PairingURL       string    `json:"pairing_url" doc:"shown once; pairs one phone"`
	PairingExpiresAt time.Time `json:"pairing_expires_at"`
}

func (h *Handler) newDeviceResponse(d *checkin.Device) deviceResponse {
	out := deviceResponse{ID: d.ID, EventID: d.EventID, Name: d.Name, Gate: d.Gate, Role: d.Role, State: d.State(h.Now()), ExpiresAt: d.Until().UTC(), PairedAt: moment(d.PairedAt),
		LastSeenAt: moment(d.LastSeenAt), QueueLength: d.QueueLength, PageVersion: d.PageVersion, Version: d.Version, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC()}
	if d.ListID != "" {
		out.ListID = &d.ListID
	}
	if d.SponsorID != "" {
		out.SponsorID = &d.SponsorID
	}
	return out
}

// CreateDevice is POST /events/{event}/devices.
func (h *Handler) CreateDevice(c *gin.Context) {
	var in deviceRequest
	if !respond.Bind(c, &in) {
		return
	}
	if !mayOpen(c, in.Role) {
		respond.Fail(c, access.ErrScope)
		return
	}
	d, opening, err := h.CheckIn.CreateDevice(c.Request.Context(), access.Community(c), access.Event(c).ID, checkin.DeviceInput(in))
	h.answerOpened(c, d, opening, err)
}

// mayOpen says whether the caller may open a device of a role to somebody: one of a sponsor's is also the sponsors' affair, as it shows whom the sponsor met.
func mayOpen(c *gin.Context, role checkin.Role) bool {
	return role != checkin.Leads || access.Who(c).May("sponsors:write", access.Community(c), nil)
}

// RepairDevice is POST /devices/{id}/pairing.
func (h *Handler) RepairDevice(c *gin.Context) {
	ctx, community, id := c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))
	d, err := h.CheckIn.FindDevice(ctx, community, id)
	if err == nil && !mayOpen(c, d.Role) {
		err = access.ErrScope
	}
	var opening checkin.Opening
	if err == nil {
		d, opening, err = h.CheckIn.RepairDevice(ctx, community, id)
	}
	h.answerOpened(c, d, opening, err)
}

func (h *Handler) answerOpened(c *gin.Context, d *checkin.Device, o checkin.Opening, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, d.Version)
	c.Header("Cache-Control", "no-store")
	respond.JSON(c, http.StatusCreated, openedDeviceResponse{h.newDeviceResponse(d), o.Token, checkin.PairingURL(h.BaseURL, o.Pairing), o.Until.UTC()})
}

// ListDevices is GET /events/{event}/devices.
func (h *Handler) ListDevices(c *gin.Context) {
	all, err := h.CheckIn.Devices(c.Request.Context(), access.Community(c), access.Event(c).ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, all, func(d *checkin.Device) turnout.ID { return d.ID }, h.newDeviceResponse)
}

// GetDevice is GET /devices/{id}.
func (h *Handler) GetDevice(c *gin.Context) {
	d, err := h.CheckIn.FindDevice(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	h.answerDevice(c, d, err)
}

// UpdateDevice is PATCH /devices/{id}.
func (h *Handler) UpdateDevice(c *gin.Context) {
	var in devicePatch
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	ctx, community := c.Request.Context(), access.Community(c)
	d, err := h.CheckIn.FindDevice(ctx, community, turnout.ID(c.Param("id")))
	if err == nil {
		change := d.Input()
		if !mayOpen(c, d.Role) {
			err = access.ErrScope
		} else if err = in.apply(&change); err == nil {
			if version == 0 {
				version = d.Version // what is not sent is as it was read
			}
			d, err = h.CheckIn.UpdateDevice(ctx, community, d.ID, version, change)
		}
	}
	h.answerDevice(c, d, err)
}

// RevokeDevice is DELETE /devices/{id}.
func (h *Handler) RevokeDevice(c *gin.Context) {
	d, err := h.CheckIn.RevokeDevice(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	h.answerDevice(c, d, err)
}

func (h *Handler) answerDevice(c *gin.Context, d *checkin.Device, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, d.Version)
	respond.JSON(c, http.StatusOK, h.newDeviceResponse(d))
}
