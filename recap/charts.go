package recap

import (
	"math"
	"time"

	"turnout/community"
	"turnout/internal/paper"
)

// funnel draws a bar for each step, as long as its count.
func (s *sheet) funnel() {
	if s.report.Funnel == nil {
		return
	}
	steps := s.report.Funnel.Value
	s.section(s.say("recap.section.funnel"), float64(len(steps))*(barHigh+3)+6)
	most := int64(1)
	for _, step := range steps {
		most = max(most, step.Count)
	}
	const label, figures = 32.0, 36.0
	for i, step := range steps {
		width := (content - label - figures) * float64(step.Count) / float64(most)
		s.doc.Text(margin, s.y+5, s.name(step.Name), body)
		s.doc.Rect(paper.Box{X: margin + label, Y: s.y, W: width, H: barHigh}, min(1, width/2), s.accent.Mix(paper.White, 0.18*float64(i)))
		text := s.number(step.Count)
		if first := steps[0].Count; i > 0 && first > 0 {
			share := float64(step.Count) / float64(first)
			text += " · " + s.percent(&share)
		}
		if step.Name == "activated" {
			text = s.say("recap.people", "Count", step.Count)
		}
		s.doc.Text(margin+label+width+2, s.y+5, text, strong)
		s.y += barHigh + 3
	}
	s.y = s.doc.Paragraph(margin, s.y, content, s.say("recap.funnel_note")+" "+s.report.Definition(s.lang, "funnel"), small, 2)
}

// arrivals draws how many had come by each moment: all of them as one area, those in person as a darker one in it.
func (s *sheet) arrivals() {
	curve := s.report.Arrivals.Value
	if len(curve.Buckets) == 0 {
		return
	}
	const high, left = 48.0, 14.0
	s.section(s.name("arrivals"), high+20)
	box := paper.Box{X: margin + left, Y: s.y, W: content - left, H: high}
	first := curve.Buckets[0].StartsAt
	length := time.Duration(curve.Minutes) * time.Minute
	span := length * time.Duration(len(curve.Buckets))
	x := func(at time.Time) float64 { return box.X + box.W*float64(at.Sub(first))/float64(span) }
	step, top := axis(s.report.Came.Value)
	y := func(n int64) float64 { return box.Y + box.H*(1-float64(n)/float64(top)) }
	for n := int64(0); n <= top; n += step {
		s.doc.Line(paper.Point{X: box.X, Y: y(n)}, paper.Point{X: box.X + box.W, Y: y(n)}, 0.2, 0, paper.Faint)
		s.doc.Text(box.X-2, y(n)+1, s.number(n), paper.Style{Size: 7.5, Color: paper.Grey, Align: paper.Right})
	}
	all, inPerson := []paper.Point{{X: box.X, Y: y(0)}}, []paper.Point{{X: box.X, Y: y(0)}}
	var came, here int64
	for _, b := range curve.Buckets {
		here += b.InPerson
		came += b.InPerson + b.Virtual
		end := x(b.StartsAt.Add(length))
		all, inPerson = append(all, paper.Point{X: end, Y: y(came)}), append(inPerson, paper.Point{X: end, Y: y(here)})
	}
	corner := paper.Point{X: box.X + box.W, Y: y(0)}
	s.doc.Area(append(all, corner), s.accent.Mix(paper.White, 0.65))
	s.doc.Area(append(inPerson, corner), s.accent.Mix(paper.White, 0.2))
	s.doc.Path(all, 0.5, s.accent)
	s.times(box, curve, x)
	s.y = box.Y + box.H + 8
	s.legend(0.2, s.say("recap.in_person", "Count", here), 0.65, s.say("recap.virtual", "Count", came-here))
	s.y += 4
}

// times writes the clock below the chart, about six times, and marks the event's start.
func (s *sheet) times(box paper.Box, curve Arrivals, x func(time.Time) float64) {
	every := (len(curve.Buckets) + 5) / 6
	days := time.Duration(len(curve.Buckets))*time.Duration(curve.Minutes)*time.Minute > 20*time.Hour
	for i := 0; i < len(curve.Buckets); i += every {
		at := curve.Buckets[i].StartsAt
		s.doc.Line(paper.Point{X: x(at), Y: box.Y + box.H}, paper.Point{X: x(at), Y: box.Y + box.H + 1}, 0.2, 0, paper.Grey)
		text := s.clock(at)
		if days {
			text = s.words.DayShort(s.lang, at, s.report.Event.Timezone) + " " + text
		}
		s.doc.Text(x(at), box.Y+box.H+4.5, text, paper.Style{Size: 7.5, Color: paper.Grey})
	}
	start := s.report.Event.StartsAt
	if at := x(start); at >= box.X && at <= box.X+box.W {
		s.doc.Line(paper.Point{X: at, Y: box.Y}, paper.Point{X: at, Y: box.Y + box.H}, 0.4, 1.2, paper.Black)
		style := paper.Style{Size: 7.5, Bold: true, Color: paper.Black}
		place := at + 1.5
		if at > box.X+box.W-20 {
			place, style.Align = at-1.5, paper.Right
		}
		s.doc.Text(place, box.Y+3, s.say("recap.start", "Clock", s.clock(start)), style)
	}
}

// legend explains two tones of the accent, each told by how much of it is white.
func (s *sheet) legend(whiteA float64, textA string, whiteB float64, textB string) {
	x := margin + 14.0
	for _, one := range []struct {
		white float64
		text  string
	}{{whiteA, textA}, {whiteB, textB}} {
		s.doc.Rect(paper.Box{X: x, Y: s.y - 0.5, W: 3, H: 3}, 0.5, s.accent.Mix(paper.White, one.white))
		x += 5 + s.doc.Text(x+4.5, s.y+2.2, one.text, small) + 5
	}
}

// intervals draws each population's rate as a dot and its 95 % interval as a line.
func (s *sheet) intervals(a *community.Activation) {
	highest := 0.0
	for _, p := range a.Populations {
		if p.Interval != nil {
			highest = max(highest, p.Interval[1])
		}
	}
	if highest == 0 {
		return
	}
	const label, figures, row = 46.0, 50.0, 9.0
	step, top := axis(int64(math.Ceil(highest * 100)))
	x := func(share float64) float64 {
		return margin + label + (content-label-figures)*min(1, share*100/float64(top))
	}
	bottom := s.y + row*float64(len(a.Populations))
	for n := int64(0); n <= top; n += step {
		at := x(float64(n) / 100)
		s.doc.Line(paper.Point{X: at, Y: s.y}, paper.Point{X: at, Y: bottom}, 0.2, 0, paper.Faint)
		s.doc.Text(at, bottom+3.5, s.words.Percent(s.lang, float64(n)/100), paper.Style{Size: 7.5, Color: paper.Grey, Align: paper.Center})
	}
	for _, p := range a.Populations {
		middle := s.y + row/2
		s.doc.Fit(margin, middle+1.2, label-3, community.PopulationName(s.words, s.lang, p.Name), body, 7)
		text := s.say("recap.nobody")
		if p.Open > 0 {
			text = s.say("recap.not_yet")
		}
		if p.Interval != nil {
			s.doc.Line(paper.Point{X: x(p.Interval[0]), Y: middle}, paper.Point{X: x(p.Interval[1]), Y: middle}, 0.9, 0, s.accent.Mix(paper.White, 0.35))
			s.doc.Dot(paper.Point{X: x(*p.Rate), Y: middle}, 1.5, s.accent)
			text = s.say("recap.interval", "Rate", s.percent(p.Rate), "Low", s.percent(&p.Interval[0]), "High", s.percent(&p.Interval[1]))
		}
		s.doc.Fit(margin+content-figures+4, middle+1.2, figures-4, text, strong, 7)
		s.y += row
	}
	s.y += 7
}

// axis gives round numbers for an axis that reaches n: the step between two lines and the last line.
func axis(n int64) (step, top int64) {
	n = max(n, 1)
	for power := int64(1); ; power *= 10 {
		for _, factor := range []int64{1, 2, 5} {
			if step = factor * power; step*5 >= n {
				return step, (n + step - 1) / step * step
			}
		}
	}
}
