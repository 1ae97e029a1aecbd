using System.Globalization;
using System.Text;
using Foretoken.Reports.Tuning;
using Xunit;

namespace Foretoken.Tests.Reports.Tuning;

public sealed class CandidateCsvTests
{
    [Fact]
    public void Write_EveryCandidate_HasItsLineAndKnobs()
    {
        var made = FakeStudy.Make(200);
        var result = made with { Candidates = [made.Candidates[0] with { Title = "a \"b\", c" }, .. made.Candidates.Skip(1)] };
        using var stream = new MemoryStream();
        CandidateCsv.Write(result, stream);
        var lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var head = lines[0].Split(',').ToList();
        Assert.Equal(201, lines.Length);
        Assert.Equal(head.Distinct().Count(), head.Count);
        Assert.StartsWith("1,\"a \"\"b\"\", c\",", lines[1], StringComparison.Ordinal);
        // Titles hold a comma, so a cell is found from the right end.
        foreach (var (candidate, line) in result.Candidates.Zip(lines.Skip(1)).Skip(1))
        {
            var cells = line[(line.LastIndexOf('"') + 1)..].Split(',');
            string Cell(string name) => cells[^(head.Count - head.IndexOf(name))];
            Assert.Equal(candidate.Knobs.ToDictionary(k => k.Key, k => k.Value).GetValueOrDefault("prefill.replicas", ""), Cell("prefill.replicas"));
            Assert.Equal(double.IsNaN(candidate.Objectives[0].High) ? "" : candidate.Objectives[0].High.ToString(CultureInfo.InvariantCulture), Cell("cost_per_million_output_tokens high"));
            Assert.Equal(double.IsNaN(candidate.Measures[0].Value) ? "" : candidate.Measures[0].Value.ToString(CultureInfo.InvariantCulture), Cell("p50 time_to_first_token"));
            Assert.Equal(double.IsNaN(candidate.Measures[0].Low) ? "" : candidate.Measures[0].Low.ToString(CultureInfo.InvariantCulture), Cell("p50 time_to_first_token low"));
        }
    }
}
