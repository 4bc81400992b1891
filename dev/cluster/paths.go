package cluster

// Paths as the programs of a node see them. A node has a /var and a /run of its
// own, so that every program keeps its usual paths however many nodes the
// machine has, and unix socket paths stay short.
const (
	// Home is the folder of everything the node needs from outside.
	Home = "/var/lib/castellan-dev"
	// ToolsDir is where the built programs are mounted, one folder a tool.
	ToolsDir = Home + "/tools"
	// ConfigDir holds the rendered configuration files.
	ConfigDir = Home + "/config"
	// SpecFile holds the node's NodeSpec as JSON.
	SpecFile = Home + "/node.json"
	// StatusFile is where the node reports its components as JSON.
	StatusFile = Home + "/status.json"
	// LogDir has one log file a component.
	LogDir = "/var/log/castellan-dev"
	// CAFile is the certificate of the cluster's authority.
	CAFile = ConfigDir + "/ca.crt"
	// ContainerdSocket is where containerd listens.
	ContainerdSocket = "/run/containerd/containerd.sock"
)

// PauseImage is the image of the container that holds a pod's namespaces.
const PauseImage = "castellan.local/pause:1"
