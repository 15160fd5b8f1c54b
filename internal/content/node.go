package content

import "context"

// Node is whatever has a global id.
type Node interface{ IsNode() }

// Node returns the object with this global id; nil if the audience may see none.
func (s *Service) Node(ctx context.Context, asked *Selection, id string) (Node, error) {
	nodes, err := s.Nodes(ctx, asked, []string{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes returns the objects with these global ids, nil where the audience may see none; a statement for each type.
func (s *Service) Nodes(ctx context.Context, asked *Selection, ids []string) ([]Node, error) {
	if len(ids) > MostPerPage {
		return nil, badInput("nodes takes %d ids at the most, not %d.", MostPerPage, len(ids))
	}
	byType := make(map[string][]int64)
	for _, text := range ids {
		typeName, id, err := parseGlobalID(text)
		if err != nil {
			return nil, err
		}
		byType[typeName] = append(byType[typeName], id)
	}
	found := make(map[string]Node, len(ids))
	for typeName, rows := range byType {
		if err := s.findNodes(ctx, found, typeName, rows, asked.on(typeName)); err != nil {
			return nil, err
		}
	}
	nodes := make([]Node, len(ids))
	for i, id := range ids {
		nodes[i] = found[id]
	}
	return nodes, nil
}

// findNodes adds the objects of one type to found, by their global ids.
func (s *Service) findNodes(ctx context.Context, found map[string]Node, typeName string, ids []int64, asked *Selection) error {
	switch typeName {
	case "Article":
		articles, err := s.articlesByID(ctx, asked, ids)
		for _, a := range articles {
			found[globalID(typeName, int64(a.ID))] = a
		}
		return err
	case "Author":
		authors, err := s.authorsByID(ctx, asked, ids)
		for _, a := range authors {
			found[globalID(typeName, int64(a.ID))] = a
		}
		return err
	case "Tag":
		tags, err := s.tagsByID(ctx, asked, ids)
		for _, t := range tags {
			found[globalID(typeName, int64(t.ID))] = t
		}
		return err
	default:
		campaigns, err := s.campaignsByID(ctx, ids)
		for _, c := range campaigns {
			found[globalID(typeName, int64(c.ID))] = c
		}
		return err
	}
}
