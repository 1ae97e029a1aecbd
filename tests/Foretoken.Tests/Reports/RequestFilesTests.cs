using Foretoken.Tests.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Foretoken.Reports.Requests;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Reports;

public sealed class RequestFilesTests
{
    [Fact]
    public void WriteJsonLines_SmallRun_LooksAsAccepted() => Snapshot.Match("requests.jsonl", Text(s => RequestFiles.WriteJsonLines(FakeRun.Small(), s)));

    [Fact]
    public void WriteCsv_SmallRun_LooksAsAccepted() => Snapshot.Match("requests.csv", Text(s => RequestFiles.WriteCsv(FakeRun.Small(), s)));

    [Fact]
    public void WriteJsonLines_SmallRun_HoldsTheTable()
    {
        var rows = Lines(Text(s => RequestFiles.WriteJsonLines(FakeRun.Small(), s))).Select(l => JsonNode.Parse(l)!.AsObject()).ToArray();
        Assert.Equal(6, rows.Length);
        Assert.All(rows, r => Assert.Equal(RequestFiles.Columns, r.Select(p => p.Key)));
        Assert.Equal(250_000_000, rows[1]["first_token_ns"]!.GetValue<long>());
        Assert.Equal(200, rows[1]["time_to_first_token_ms"]!.GetValue<double>());
        Assert.Equal(20, rows[1]["inter_token_latency_ms"]!.GetValue<double>());
        Assert.Null(rows[2]["inter_token_latency_ms"]);
        Assert.Null(rows[3]["scheduled_ns"]);
        Assert.Equal("rejected", rows[3]["outcome"]!.GetValue<string>());
    }

    [Fact]
    public void Write_ManyRows_BothFilesSayTheSame()
    {
        var run = FakeRun.Traffic(2000, 3, 400, stopAtSeconds: 350);
        var table = run.Requests;
        var json = Lines(Text(s => RequestFiles.WriteJsonLines(run, s)));
        var csv = Lines(Text(s => RequestFiles.WriteCsv(run, s)));
        Assert.Equal(string.Join(',', RequestFiles.Columns), csv[0]);
        Assert.Equal(table.Count, json.Length);
        Assert.Equal(table.Count, csv.Length - 1);
        for (var i = 0; i < table.Count; i++)
        {
            var fields = JsonNode.Parse(json[i])!.AsObject().Select(p => p.Value switch
            {
                null => "",
                var v when v.GetValueKind() == System.Text.Json.JsonValueKind.String => v.GetValue<string>(),
                var v => v.ToJsonString(),
            });
            Assert.Equal(csv[i + 1], string.Join(',', fields));
            Assert.Equal(table.Arrival(i).Nanoseconds.ToString(CultureInfo.InvariantCulture), csv[i + 1].Split(',')[1]);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Text(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
