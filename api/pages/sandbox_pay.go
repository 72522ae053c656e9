package pages

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/templates"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/sandbox"
)

// sandboxPage is the data of the page "sandbox_pay".
type sandboxPage struct {
	templates.Chrome
	Payment sandboxPayment
	Actions []sandboxAction
	BackURL string
}

type sandboxPayment struct {
	ID, Description, Email, Status string
	Amount                         turnout.Money
}

type sandboxAction struct {
	Key, URL string
	Primary  bool
}

// sandboxActions are what one can try on the stand-in's page, in their order on it.
var sandboxActions = []struct {
	key string
	act func(*sandbox.Provider, context.Context, string) (sandbox.Page, error)
}{
	{"pay", (*sandbox.Provider).Pay}, {"decline", (*sandbox.Provider).Decline}, {"abandon", (*sandbox.Provider).Abandon},
	{"pay_late", (*sandbox.Provider).PayLate}, {"pay_twice", (*sandbox.Provider).PayTwice},
}

// SandboxPay is GET /sandbox/checkout/{session}: the page where a real provider would take the money.
func (h *Handler) SandboxPay(c *gin.Context) {
	page, err := h.Sandbox.Session(c.Request.Context(), c.Param("session"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.showSandbox(c, page)
}

func (h *Handler) showSandbox(c *gin.Context, page sandbox.Page) {
	c.Header("Referrer-Policy", "no-referrer")
	shown := sandboxPage{Chrome: templates.Chrome{Title: h.Templates.Message(h.Language(c), "sandbox.badge"), NoIndex: true, Demo: h.Demo, Path: c.Request.URL.Path},
		Payment: sandboxPayment{ID: string(page.PaymentID), Email: page.Email, Status: "created", Amount: page.Total}, BackURL: page.CancelURL}
	for i, line := range page.Lines {
		if i > 0 {
			shown.Payment.Description += ", "
		}
		shown.Payment.Description += line.Name
	}
	switch {
	case page.State == payments.Paid:
		shown.Payment.Status = "succeeded"
	case page.State == payments.Processing:
		shown.Payment.Status = "processing"
	case page.State == payments.Expired:
		shown.Payment.Status = "canceled"
	case page.Declined:
		shown.Payment.Status = "failed"
	}
	if page.State == payments.Open {
		for i, a := range sandboxActions {
			shown.Actions = append(shown.Actions, sandboxAction{a.key, "/sandbox/checkout/" + page.SessionRef + "/" + a.key, i == 0})
		}
	}
	h.Render(c, http.StatusOK, "sandbox_pay", shown)
}

// SandboxAct is POST /sandbox/checkout/{session}/{action}.
func (h *Handler) SandboxAct(c *gin.Context) {
	for _, a := range sandboxActions {
		if a.key != c.Param("action") {
			continue
		}
		page, err := a.act(h.Sandbox, c.Request.Context(), c.Param("session"))
		if errors.Is(err, sandbox.ErrClosed) {
			page, err = h.Sandbox.Session(c.Request.Context(), c.Param("session"))
		}
		switch {
		case err != nil:
			h.Fail(c, err)
		case a.key == "decline":
			h.Redirect(c, "/sandbox/checkout/"+page.SessionRef, "", "")
		default:
			c.Redirect(http.StatusSeeOther, page.SuccessURL)
		}
		return
	}
	h.Fail(c, turnout.ErrNotFound)
}
