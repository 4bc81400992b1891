package supervisor

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"

	"castellan.io/castellan/dev/cluster"
	"castellan.io/castellan/dev/node"
)

// bridgeName is the bridge between the nodes.
const bridgeName = "nodes"

// makeBridge makes the bridge, in the supervisor's namespace that has no other
// interface. It forwards, so that what is for outside is refused with an ICMP
// message instead of waited for.
func makeBridge(gateway netip.Prefix) (netlink.Link, error) {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("finding the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return nil, fmt.Errorf("starting the loopback interface: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("making the bridge between the nodes: %w", err)
	}
	address := &net.IPNet{IP: gateway.Addr().AsSlice(), Mask: net.CIDRMask(gateway.Bits(), 32)}
	if err := netlink.AddrAdd(bridge, &netlink.Addr{IPNet: address}); err != nil {
		return nil, fmt.Errorf("giving the bridge its address: %w", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return nil, fmt.Errorf("letting the bridge forward: %w", err)
	}
	return bridge, netlink.LinkSetUp(bridge)
}

// addRoutes leads refusals back to the pods.
func addRoutes(routes []cluster.Route) error {
	for _, route := range routes {
		subnet := &net.IPNet{IP: route.To.Addr().AsSlice(), Mask: net.CIDRMask(route.To.Bits(), 32)}
		if err := netlink.RouteAdd(&netlink.Route{Dst: subnet, Gw: route.Via.AsSlice()}); err != nil {
			return fmt.Errorf("adding the route to %s: %w", route.To, err)
		}
	}
	return nil
}

// connect gives the process' network namespace an interface on the bridge.
func connect(bridge netlink.Link, name string, pid int) error {
	cable := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: name, MasterIndex: bridge.Attrs().Index},
		PeerName:      node.Interface,
		PeerNamespace: netlink.NsPid(pid),
	}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("connecting %s: %w", name, err)
	}
	return netlink.LinkSetUp(cable)
}
