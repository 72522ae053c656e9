package access

import (
	"errors"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/checkin"
	"turnout/events"
)

// The headers in which a device says, with any request, how it stands.
const (
	HeaderQueue = "Turnout-Queue" // scans that wait on it
	HeaderPage  = "Turnout-Page"  // version of its door page
)

// DeviceCookie is the name of the cookie that a paired phone holds; over https it belongs to this host alone.
func DeviceCookie(https bool) string {
	if https {
		return "__Host-turnout_device"
	}
	return "turnout_device"
}

// device is the caller behind a device's token.
func (g *Gate) device(c *gin.Context, token string) (Caller, error) {
	seen := checkin.Heartbeat{Page: c.GetHeader(HeaderPage)}
	if n, err := strconv.ParseInt(c.GetHeader(HeaderQueue), 10, 64); err == nil {
		seen.Queue = &n
	}
	device, err := g.CheckIn.Authenticate(c.Request.Context(), token, seen)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Device: device, Community: device.CommunityID}, nil
}

// phone is the caller at a door's page: the device that the browser is paired as, at its own event, else the person who is signed
// in.
func (g *Gate) phone(c *gin.Context, person Caller) (Caller, error) {
	token, err := c.Cookie(g.DeviceCookie)
	if err != nil {
		return person, nil //nolint:nilerr // it holds none
	}
	caller, err := g.device(c, token)
	signedIn := person.Account != ""
	switch {
	case err == nil && (!signedIn || caller.atHome(c.Param("event"))):
		return caller, nil
	case err == nil, signedIn && errors.Is(err, checkin.ErrDevice):
		return person, nil
	}
	return Caller{}, err
}

// atHome reports whether a path's {event} is the device's, or there is none.
func (c Caller) atHome(event string) bool {
	return event == "" || event == c.Device.EventSlug || event == string(c.Device.EventID)
}

// resolveDevice looks up what the path names and holds the device to its event and its list: all else is not there for it.
func (g *Gate) resolveDevice(c *gin.Context, r *request) (err error) {
	ctx, device := c.Request.Context(), r.caller.Device
	if name := c.Param("event"); name != "" {
		if !r.caller.atHome(name) {
			return turnout.ErrNotFound
		}
		if r.event, err = events.Find(ctx, g.DB.Read(), device.CommunityID, string(device.EventID)); err != nil {
			return err
		}
	}
	for _, name := range []string{"list", "id"} {
		id := turnout.ID(c.Param(name))
		if id == "" {
			continue
		}
		event, list, err := g.CheckIn.Place(ctx, device.CommunityID, id)
		if err != nil {
			return err
		}
		if event != device.EventID || device.ListID != "" && list != device.ListID {
			return turnout.ErrNotFound
		}
	}
	return nil
}
