package dashboards

// FileName is that of the dashboard in configs/grafana/dashboards.
func (d *Dashboard) FileName() string { return d.UID + ".json" }
