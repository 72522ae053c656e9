package pages

import (
	"encoding/json"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events/agenda/exchange"
	"turnout/templates"
)

// mappingForm is the part of the page on which an organiser says what the fields of a file mean.
type mappingForm struct {
	Lists     []templates.Option
	List      string
	Columns   []exchange.Column
	Rows      []mappingRow
	Separator string
}

type mappingRow struct {
	Field, Label, Path string
	Needed             bool
	Options            []templates.Option
}

// mappingOf reads the mapping that was sent: as JSON in the confirmation, as fields in the form. nil: none was.
func mappingOf(c *gin.Context) *exchange.Mapping {
	m := new(exchange.Mapping)
	if text := c.PostForm("mapping"); text != "" && json.Unmarshal([]byte(text), m) == nil {
		return m
	}
	if c.PostForm("mapped") == "" {
		return nil
	}
	m.List, m.Separator, m.Fields = c.PostForm("list"), c.PostForm("separator"), map[string]string{}
	for _, field := range exchange.MappedFields {
		if path := c.PostForm("map." + field); path != "" {
			m.Fields[field] = path
		}
	}
	return m
}

// mapping prepares a CSV or an unknown JSON: the mapping to use, and the form that shows it. Both are nil for known formats.
func (h *Handler) mapping(c *gin.Context, file []byte) (*exchange.Mapping, *mappingForm, error) {
	if format := exchange.Recognise(file); format != exchange.CSV && format != exchange.MappedJSON {
		return nil, nil, nil
	}
	e := access.Event(c)
	table, m, err := h.Agenda.Table(c.Request.Context(), e.CommunityID, string(e.ID), file, h.Language(c))
	if err != nil {
		return nil, nil, err
	}
	if sent := mappingOf(c); sent != nil {
		if sent.List != table.List {
			if table, err = exchange.ReadTable(file, sent.List); err != nil {
				return nil, nil, err
			}
			if !table.Fits(*sent) { // another list has other fields
				guess := table.Guess(h.Language(c))
				sent = &guess
			}
		}
		m = *sent
	}
	form := &mappingForm{List: table.List, Columns: table.Columns, Separator: m.Separator}
	for _, list := range table.Lists() {
		form.Lists = append(form.Lists, templates.Option{Value: list, Text: list})
	}
	options := []templates.Option{{Text: h.text(c, "console.import.map_none")}}
	for _, column := range table.Columns {
		text := strings.ReplaceAll(column.Path, ">", " → ")
		if len(column.Samples) > 0 {
			text += ": " + column.Samples[0]
		}
		options = append(options, templates.Option{Value: column.Path, Text: text})
	}
	for _, field := range exchange.MappedFields {
		form.Rows = append(form.Rows, mappingRow{Field: field, Label: h.text(c, "console.import.map_"+field), Path: m.Fields[field], Needed: field == "title", Options: options})
	}
	return &m, form, nil
}
