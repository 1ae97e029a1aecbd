using System.Text.Json.Nodes;
using Xunit;

namespace Foretoken.Tests.Reports.Perfetto;

/// <summary>
/// The rules of the Chrome trace event format for the kinds of events that we write: what a viewer relies on. Checked event by
/// event, so that a file that breaks one is named with its line.
/// </summary>
internal static class TraceEventRules
{
    /// <summary>Checks a file and gives its events.</summary>
    public static List<JsonObject> Check(byte[] file)
    {
        var root = JsonNode.Parse(file)!.AsObject();
        Assert.True(root["displayTimeUnit"]!.GetValue<string>() is "ms" or "ns");
        Assert.All(root["otherData"]!.AsObject(), p => Assert.IsType<string>(p.Value!.GetValue<string>(), exactMatch: true));
        var events = root["traceEvents"]!.AsArray().Select(e => e!.AsObject()).ToList();
        var named = new HashSet<(int, int)>();
        var lastSlice = new Dictionary<(int, int), decimal>();
        var lastSliceEnd = new Dictionary<(int, int), decimal>();
        var lastCounter = new Dictionary<(int, string), decimal>();
        var open = new Dictionary<(string, int), Stack<(string Name, decimal At)>>();
        var lastAsync = new Dictionary<(string, int), decimal>();
        var flows = new Dictionary<int, decimal>();
        foreach (var e in events)
        {
            var line = e.ToJsonString();
            var (phase, name, process, thread, at) = ((string)e["ph"]!, (string)e["name"]!, (int)e["pid"]!, (int)e["tid"]!, (decimal)e["ts"]!);
            Assert.True(at >= 0 && name.Length > 0, line);
            Assert.Equal(at, Math.Round(at, 3));
            switch (phase)
            {
                case "M":
                    Assert.Contains(name, (string[])["process_name", "thread_name", "process_sort_index"]);
                    if (name == "thread_name")
                    {
                        Assert.True(named.Add((process, thread)), line);
                    }

                    break;
                case "X":
                    // Complete events of a thread nest or follow each other; ours follow.
                    var duration = (decimal)e["dur"]!;
                    Assert.True(duration >= 0, line);
                    Assert.True(at >= lastSlice.GetValueOrDefault((process, thread)), line);
                    if (!(name == "route" && at == lastSlice.GetValueOrDefault((process, thread))))
                    {
                        Assert.True(at >= lastSliceEnd.GetValueOrDefault((process, thread)), line);
                    }

                    lastSlice[(process, thread)] = at;
                    lastSliceEnd[(process, thread)] = at + duration;
                    break;
                case "C":
                    Assert.True(at >= lastCounter.GetValueOrDefault((process, name)), line);
                    lastCounter[(process, name)] = at;
                    Assert.All(e["args"]!.AsObject(), a => Assert.True((double)a.Value! >= 0, line));
                    break;
                case "b" or "e" or "n":
                    var key = ((string)e["cat"]!, (int)e["id"]!);
                    Assert.True(at >= lastAsync.GetValueOrDefault(key), line);
                    lastAsync[key] = at;
                    var stack = open.TryGetValue(key, out var found) ? found : open[key] = new();
                    if (phase == "b")
                    {
                        stack.Push((name, at));
                    }
                    else if (phase == "e")
                    {
                        Assert.True(stack.Count > 0 && stack.Peek().Name == name && stack.Pop().At <= at, line);
                    }
                    else
                    {
                        Assert.True(stack.Count > 0, line);
                    }

                    break;
                case "s":
                    flows.Add((int)e["id"]!, at);
                    break;
                case "f":
                    Assert.Equal("e", (string)e["bp"]!);
                    Assert.True(flows.Remove((int)e["id"]!, out var start) && start <= at, line);
                    break;
                case "i":
                    Assert.Equal("p", (string)e["s"]!);
                    break;
                default:
                    Assert.Fail("an event of a kind that we do not write: " + line);
                    break;
            }
        }

        Assert.Empty(flows);
        Assert.All(open.Values, s => Assert.Empty(s));
        Assert.All(lastSlice.Keys, track => Assert.Contains(track, named));
        return events;
    }
}
