# Varnish in front of Broadsheet, as fresh as Broadsheet itself. It needs the modules xkey and var (Debian: varnish-modules).
#
#   varnishd -a :6081 -f /etc/varnish/broadsheet.vcl -s malloc,1g
#   broadsheet serve --cache-shared 1h --purge varnish+http://127.0.0.1:6081/
#
# Broadsheet names what an answer was made from in Surrogate-Key, and purges by these names when something changes.
vcl 4.1;

import directors;
import std;
import var;
import xkey;

# Your servers.
backend one { .host = "127.0.0.1"; .port = "8080"; }
backend two { .host = "127.0.0.1"; .port = "8081"; }

# Who may purge: your servers.
acl broadsheet { "127.0.0.1"; "::1"; }

sub vcl_init {
    new nodes = directors.round_robin();
    nodes.add_backend(one);
    nodes.add_backend(two);
}

sub vcl_recv {
    set req.backend_hint = nodes.backend();
    if (req.method == "PURGE") {
        if (client.ip !~ broadsheet) {
            return (synth(403));
        }
        if (std.integer(req.http.Broadsheet-Position, 0) > std.integer(var.global_get("position"), 0)) {
            var.global_set("position", req.http.Broadsheet-Position);
        }
        set req.http.Purged = xkey.purge(req.http.Xkey-Purge);
        return (synth(200, "Purged " + req.http.Purged));
    }
    if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization || req.http.Broadsheet-Min-Position) {
        return (pass);
    }
    return (hash);
}

sub vcl_backend_fetch {
    # A node that has not heard of the change yet waits until it has.
    if (!bereq.uncacheable && var.global_get("position")) {
        set bereq.http.Broadsheet-Min-Position = var.global_get("position");
    }
}

sub vcl_backend_response {
    if (beresp.status == 503 && bereq.retries < 1) {
        return (retry); # at another node
    }
    # Keep what can be purged, unless it was overtaken by a purge while it was on its way.
    if (!beresp.http.Surrogate-Key
        || std.integer(beresp.http.Broadsheet-Position, 0) < std.integer(var.global_get("position"), 0)) {
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        return (deliver);
    }
    set beresp.http.xkey = beresp.http.Surrogate-Key;
}

sub vcl_deliver {
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    # Browsers hear of no change: they ask again each time, which costs a 304.
    set resp.http.Cache-Control = regsub(resp.http.Cache-Control, ", s-maxage=.*$", "");
    if (obj.hits > 0) {
        set resp.http.X-Cache = "hit";
    } else {
        set resp.http.X-Cache = "miss";
    }
}
