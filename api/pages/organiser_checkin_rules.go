package pages

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout/api/respond"
	"turnout/checkin/rules"
	"turnout/templates"
)

// ruleRow is a rule of a check-in list as typed. Its fields have the names that problems have: "rules[0][1].from".
type ruleRow struct {
	Field      string
	Conditions []conditionRow
}

// conditionRow is a condition as typed; a kind uses what it needs.
type conditionRow struct {
	Field               string
	Kind                rules.Kind
	Any                 []string // ids, days
	Gates               string   // a line each, or commas between
	From, Until, Number string
}

// Has reports whether an id or a day is ticked.
func (r conditionRow) Has(value any) bool { return slices.Contains(r.Any, fmt.Sprint(value)) }

// conditionKinds are the kinds in the order in which they are chosen from.
var conditionKinds = []rules.Kind{rules.Types, rules.AddOns, rules.Gates, rules.Clock, rules.Weekdays, rules.Between, rules.EntriesMax, rules.TodayMax, rules.AfterEntry, rules.AfterExit, rules.WithinExit}

func newRuleRows(list []rules.Rule, zone *time.Location) (rows []ruleRow) {
	for _, rule := range list {
		row := ruleRow{}
		for _, c := range rule {
			r := conditionRow{Kind: c.Kind, Any: c.Any}
			switch c.Kind {
			case rules.Gates:
				r.Gates = strings.Join(c.Any, ", ")
			case rules.Clock:
				r.From, r.Until = rules.Clocked(c.From), rules.Clocked(c.Until)
			case rules.Between:
				r.From, r.Until = wallClock(rules.Time(c.From), zone), wallClock(rules.Time(c.Until), zone)
			default:
				r.Number = strconv.FormatInt(c.Number, 10)
			}
			row.Conditions = append(row.Conditions, r)
		}
		rows = append(rows, row)
	}
	return numbered(rows)
}

// numbered gives the rows the names of their places.
func numbered(rows []ruleRow) []ruleRow {
	for i := range rows {
		rows[i].Field = fmt.Sprintf("rules[%d]", i)
		for j := range rows[i].Conditions {
			rows[i].Conditions[j].Field = fmt.Sprintf("rules[%d][%d]", i, j)
		}
	}
	return rows
}

const rowsRead = 30 // rules of a form, and conditions of each: more than a list can have

// readRules reads the rules that were typed, without the condition whose button to take it away was pressed, and with what a button adds.
func readRules(c *gin.Context, f *formReader) (rows []ruleRow) {
	for i := range rowsRead {
		name := fmt.Sprintf("rules[%d]", i)
		if !c.Request.PostForm.Has(name + ".add") {
			break
		}
		row := ruleRow{}
		for j := range rowsRead {
			field := fmt.Sprintf("%s[%d]", name, j)
			if !c.Request.PostForm.Has(field + ".kind") {
				break
			}
			if c.PostForm("drop_condition") == fmt.Sprintf("%d.%d", i, j) {
				continue
			}
			row.Conditions = append(row.Conditions, readCondition(c, f, field))
		}
		if kind := rules.Kind(c.PostForm(name + ".add")); c.PostForm("add_condition") == strconv.Itoa(i) && slices.Contains(conditionKinds, kind) {
			row.Conditions = append(row.Conditions, conditionRow{Kind: kind})
		}
		if len(row.Conditions) > 0 {
			rows = append(rows, row)
		}
	}
	if kind := rules.Kind(c.PostForm("rule.add")); isPressed(c, "more_rules") && slices.Contains(conditionKinds, kind) {
		rows = append(rows, ruleRow{Conditions: []conditionRow{{Kind: kind}}})
	}
	return numbered(rows)
}

func readCondition(c *gin.Context, f *formReader, field string) conditionRow {
	text := func(of string) string {
		value, err := respond.Text(field+of, c.PostForm(field+of), "name,max=1000")
		if problems := respond.Public(err).Fields; err != nil {
			f.Problems = append(f.Problems, problems...)
		}
		return strings.TrimSpace(value)
	}
	r := conditionRow{Kind: rules.Kind(text(".kind")), Gates: text(".gates"), From: text(".from"), Until: text(".until"), Number: text(".number")}
	for _, value := range c.PostFormArray(field + ".any") {
		if clean, err := respond.Text(field+".any", value, "name,max=60"); err == nil {
			r.Any = append(r.Any, clean)
		}
	}
	return r
}

// isRuleButton reports whether a button was pressed that changes the rules of the form and saves nothing.
func isRuleButton(c *gin.Context) bool {
	return isPressed(c, "more_rules") || isPressed(c, "add_condition") || isPressed(c, "drop_condition")
}

// rulesOf reads the rows; what cannot be read is a problem of its field.
func (f *formReader) rulesOf(rows []ruleRow) (list []rules.Rule) {
	for _, row := range rows {
		rule := rules.Rule{}
		for _, r := range row.Conditions {
			f.order = append(f.order, r.Field+".any", r.Field+".from", r.Field+".until", r.Field+".number")
			c := rules.Condition{Kind: r.Kind, Any: r.Any}
			switch r.Kind {
			case rules.Gates:
				c.Any = strings.FieldsFunc(r.Gates, func(r rune) bool { return r == ',' || r == '\n' })
			case rules.Clock:
				c.From, c.Until = f.timeOfDay(r.Field+".from", r.From), f.timeOfDay(r.Field+".until", r.Until)
			case rules.Between:
				c.From, c.Until = rules.At(f.clock(r.Field+".from", r.From)), rules.At(f.clock(r.Field+".until", r.Until))
			case rules.EntriesMax, rules.TodayMax, rules.AfterEntry, rules.AfterExit, rules.WithinExit:
				if n := f.number(r.Field+".number", r.Number); n != nil {
					c.Number = *n
				}
			}
			rule = append(rule, c)
		}
		list = append(list, rule)
	}
	return list
}

// timeOfDay reads a time of day as minutes after midnight; 0 when nothing was typed.
func (f *formReader) timeOfDay(field, typed string) int64 {
	if typed == "" {
		return 0
	}
	minutes, ok := rules.ParseClock(typed)
	if !ok {
		f.Add(field, "wrong_type", "This must be a time of day like 18:30.")
	}
	return minutes
}

// labelRules says in which condition of which rule a problem is.
func (h *Handler) labelRules(c *gin.Context, shown templates.Errors, rows []ruleRow) {
	for i := range shown {
		for n, row := range rows {
			for _, r := range row.Conditions {
				if strings.HasPrefix(shown[i].Name, r.Field+".") {
					shown[i].Label = h.text(c, "console.rule.number", "Number", n+1) + ", " + h.text(c, "console.rule.kind."+string(r.Kind))
				}
			}
		}
	}
}
