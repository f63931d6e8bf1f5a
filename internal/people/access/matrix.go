package access

// Cell says on which records a role may do an action.
type Cell struct {
	Role Role   `json:"role"`
	When string `json:"when"` // area, task, own
}

// Row is one line of the table as it is shown: an action and the roles that
// may do it, in the order of the columns.
type Row struct {
	Action Action `json:"action"`
	Cells  []Cell `json:"cells"`
}

// Matrix gives the table for reading: what may this role see and do? It is the
// table that decides, not a copy of it.
func Matrix() []Row {
	when := map[byte]string{'A': "area", 'T': "task", 'O': "own"}
	out := make([]Row, 0, len(rights))
	for _, action := range Actions() {
		row := Row{Action: action, Cells: []Cell{}}
		for _, role := range columns {
			if mark := rights[action][role]; mark != 0 {
				row.Cells = append(row.Cells, Cell{role, when[mark]})
			}
		}
		out = append(out, row)
	}
	return out
}
