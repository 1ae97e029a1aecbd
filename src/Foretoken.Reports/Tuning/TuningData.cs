using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretoken.Metrics.Summaries;
using Foretoken.Tuning.Portfolio;
using Foretoken.Tuning.Results;

namespace Foretoken.Reports.Tuning;

/// <summary>
/// What the page of a study draws: one column per number over all candidates, three bytes for a value in base64 (a single-precision
/// number without its last byte: four to five digits), so that ten thousand candidates stay small.
/// </summary>
internal static class TuningData
{
    /// <summary>Numbers that the page may hold: what keeps it below 5 MB.</summary>
    private const int CellsMax = 820_000;

    /// <summary>What a candidate takes besides its numbers (title, state and the like), counted in numbers.</summary>
    private const int CellsEach = 18;

    private const int BinsMax = 240;

    public static void Write(Utf8JsonWriter json, TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries, PortfolioResult? portfolio)
    {
        var columns = PageColumns.Of(result);
        var candidates = Held(result, columns);
        var detailed = Detailed(result, candidates, columns);
        json.WriteStartObject();
        json.WriteString("name", result.Name);
        json.WriteString("version", result.Version);
        json.WriteNumber("seed", result.Seed);
        Texts(json, "headline", result.Headline);
        Texts(json, "notes", result.Notes);
        Number(json, "wall_seconds", result.WallSeconds);
        WriteSearch(json, result);
        WriteGoals(json, result, columns);
        WriteTotals(json, result, candidates.Count);
        json.WriteStartArray("columns");
        foreach (var column in columns)
        {
            json.WriteStartObject();
            json.WriteString("text", column.Text);
            json.WriteString("name", column.Name);
            json.WriteString("short", column.ShortName);
            json.WriteString("unit", column.Unit);
            json.WriteBoolean("share", column.IsShare);
            json.WriteString("kind", column.Kind);
            Numbers(json, "v", candidates, c => column.Of(c).Value);
            var shown = column.IsJudged ? candidates : detailed;
            Numbers(json, "lo", shown, c => column.Of(c).Low);
            Numbers(json, "hi", shown, c => column.Of(c).High);

            json.WriteEndObject();
        }

        json.WriteEndArray();
        Whole(json, "detailed", detailed, c => c.Number);
        WriteDimensions(json, result, candidates);
        Whole(json, "number", candidates, c => c.Number);
        Texts(json, "title", candidates.Select(c => c.Title));
        Whole(json, "state", candidates, c => (int)c.State);
        Whole(json, "gpus", candidates, c => c.Gpus);
        Whole(json, "runs", candidates, c => c.Runs);
        Numbers(json, "violation", candidates, c => c.Violation);
        Numbers(json, "slo", candidates, c => c.SloProbability);
        Numbers(json, "front_probability", candidates, c => c.FrontProbability);
        json.WriteStartObject("doubt_from");
        foreach (var candidate in candidates.Where(c => c.DoubtFrom is not null))
        {
            json.WriteNumber(candidate.Number.ToString(CultureInfo.InvariantCulture), candidate.DoubtFrom!.Value);
        }

        json.WriteEndObject();
        WriteCauses(json, result, candidates);
        json.WriteStartArray("front");
        foreach (var candidate in candidates.Where(c => c.OnFront))
        {
            json.WriteNumberValue(candidate.Number);
        }

        json.WriteEndArray();
        json.WriteStartObject("why");
        foreach (var candidate in candidates.Where(c => c.Why.Length > 0))
        {
            json.WriteString(candidate.Number.ToString(CultureInfo.InvariantCulture), candidate.Why);
        }

        json.WriteEndObject();
        WriteAdvice(json, result);
        WriteTimelines(json, result, summaries);
        WritePortfolio(json, portfolio);
        json.WriteEndObject();
    }

    // All of them where they fit; else the front, the shortlist, and those that came furthest and nearest to the SLO.
    private static List<CandidateResult> Held(TuningResult result, IReadOnlyList<PageColumn> columns)
    {
        var most = Math.Max(1000, CellsMax / Cells(result, columns));
        if (result.Candidates.Count <= most)
        {
            return [.. result.Candidates];
        }

        return [.. FirstFirst(result, result.Candidates).Take(most).OrderBy(c => c.Number)];
    }

    // Whose other numbers have their intervals on the page, too: the front and the shortlist, and as many more as there is room for.
    private static List<CandidateResult> Detailed(TuningResult result, List<CandidateResult> held, IReadOnlyList<PageColumn> columns)
    {
        var chosen = held.Count(c => IsChosen(result, c));
        var room = (CellsMax - (held.Count * Cells(result, columns))) / (2 * Math.Max(1, columns.Count(c => !c.IsJudged)));
        return [.. FirstFirst(result, held).Take(Math.Max(chosen, room)).OrderBy(c => c.Number)];
    }

    private static int Cells(TuningResult result, IReadOnlyList<PageColumn> columns) => columns.Sum(c => c.IsJudged ? 3 : 1) + (result.Dimensions.Count / 2) + CellsEach;

    private static IEnumerable<CandidateResult> FirstFirst(TuningResult result, IReadOnlyList<CandidateResult> candidates) =>
        candidates.OrderBy(c => IsChosen(result, c) ? 0 : 1).ThenBy(c => c.State).ThenBy(c => c.Violation).ThenBy(c => c.Number);

    private static bool IsChosen(TuningResult result, CandidateResult candidate) =>
        candidate.OnFront || result.Shortlist.Contains(candidate.Number) || candidate.Number == result.Recommendation?.Candidate;

    private static void WriteSearch(Utf8JsonWriter json, TuningResult result)
    {
        json.WriteStartObject("search");
        json.WriteString("algorithm", result.Search);
        json.WriteBoolean("exhaustive", result.Exhaustive);
        Number(json, "space_size", result.SpaceSize);
        json.WriteNumber("equivalent", result.Equivalent);
        json.WriteNumber("runs", result.Runs);
        Number(json, "simulated_hours", result.SimulatedHours);
        Number(json, "real_gpu_hours", result.RealGpuHours);
        Number(json, "real_cost", result.RealCost);
        json.WriteEndObject();
        json.WriteStartArray("infeasible");
        foreach (var (reason, points) in result.Infeasible)
        {
            json.WriteStartObject();
            json.WriteString("reason", reason);
            json.WriteNumber("points", points);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteGoals(Utf8JsonWriter json, TuningResult result, IReadOnlyList<PageColumn> columns)
    {
        json.WriteStartArray("objectives");
        foreach (var objective in result.Objectives)
        {
            json.WriteStartObject();
            json.WriteNumber("column", IndexOf(columns, objective.Measure.Text));
            json.WriteBoolean("maximise", objective.Maximise);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("constraints");
        foreach (var constraint in result.Constraints)
        {
            json.WriteStartObject();
            json.WriteNumber("column", IndexOf(columns, constraint.Measure.Text));
            json.WriteBoolean("at_least", constraint.AtLeast);
            Number(json, "bound", constraint.Bound);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static int IndexOf(IReadOnlyList<PageColumn> columns, string text)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].Text == text)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"no column holds {text}");
    }

    private static void WriteTotals(Utf8JsonWriter json, TuningResult result, int held)
    {
        json.WriteStartObject("totals");
        json.WriteNumber("candidates", result.Candidates.Count);
        json.WriteNumber("finished", result.Candidates.Count(c => c.State == CandidateState.Finished));
        json.WriteNumber("out_raced", result.Candidates.Count(c => c.State == CandidateState.OutRaced));
        json.WriteNumber("hopeless", result.Candidates.Count(c => c.State == CandidateState.Hopeless));
        json.WriteNumber("keeping", result.Candidates.Count(c => c.State == CandidateState.Finished && c.Violation == 0));
        json.WriteEndObject();
        json.WriteNumber("thinned", held < result.Candidates.Count ? held : 0);
    }

    private static void WriteDimensions(Utf8JsonWriter json, TuningResult result, List<CandidateResult> candidates)
    {
        json.WriteStartArray("dimensions");
        foreach (var (path, known) in result.Dimensions)
        {
            var values = known.ToList();
            var indexOf = new Dictionary<string, int>();
            for (var i = 0; i < values.Count; i++)
            {
                indexOf.TryAdd(values[i], i);
            }

            var index = new List<int>(candidates.Count);
            foreach (var candidate in candidates)
            {
                var at = -1;
                foreach (var (knob, value) in candidate.Knobs)
                {
                    if (knob == path && !indexOf.TryGetValue(value, out at))
                    {
                        // A value out of a range, which no list names.
                        at = values.Count;
                        indexOf.Add(value, at);
                        values.Add(value);
                    }
                }

                index.Add(candidate.Knobs.Any(k => k.Key == path) ? at : -1);
            }

            json.WriteStartObject();
            json.WriteString("path", path);
            Texts(json, "values", values);
            json.WritePropertyName("index");
            json.WriteRawValue("[" + string.Join(',', index) + "]");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCauses(Utf8JsonWriter json, TuningResult result, List<CandidateResult> candidates)
    {
        var causes = new List<string>();
        foreach (var (cause, _) in candidates.SelectMany(c => c.Bottleneck))
        {
            if (!causes.Contains(cause))
            {
                causes.Add(cause);
            }
        }

        Texts(json, "causes", causes);
        Whole(json, "cause", candidates, c => c.Bottleneck.Count == 0 ? -1 : causes.IndexOf(c.Bottleneck[0].Key));
        Numbers(json, "cause_share", candidates, c => c.Bottleneck.Count == 0 ? 0 : c.Bottleneck[0].Value);
        json.WriteStartObject("bottlenecks");
        foreach (var candidate in candidates.Where(c => c.Bottleneck.Count > 0 && (c.OnFront || result.Shortlist.Contains(c.Number))))
        {
            json.WriteStartArray(candidate.Number.ToString(CultureInfo.InvariantCulture));
            foreach (var (cause, share) in candidate.Bottleneck)
            {
                json.WriteStartArray();
                json.WriteNumberValue(causes.IndexOf(cause));
                json.WriteRawValue(Text(share));
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteAdvice(Utf8JsonWriter json, TuningResult result)
    {
        json.WriteStartArray("sensitivities");
        foreach (var sensitivity in result.Sensitivities)
        {
            json.WriteStartObject();
            json.WriteString("dimension", sensitivity.Dimension);
            json.WritePropertyName("shares");
            json.WriteRawValue("[" + string.Join(',', sensitivity.Shares.Select(Text)) + "]");
            Texts(json, "best", sensitivity.Best);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("recommendation");
        if (result.Recommendation is { } advice)
        {
            json.WriteStartObject();
            json.WriteNumber("candidate", advice.Candidate);
            json.WriteBoolean("meets_slo", advice.MeetsSlo);
            Texts(json, "reasons", advice.Reasons);
            Texts(json, "would_change", advice.WouldChange);
            json.WriteStartArray("verification");
            foreach (var step in advice.Verification)
            {
                json.WriteStartObject();
                json.WriteNumber("candidate", step.Candidate);
                json.WriteString("why", step.Why);
                json.WriteStartArray("bands");
                foreach (var (measure, band) in step.Bands)
                {
                    json.WriteStartObject();
                    json.WriteString("measure", measure);
                    Number(json, "low", band.Low);
                    Number(json, "high", band.High);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        json.WritePropertyName("shortlist");
        json.WriteRawValue("[" + string.Join(',', result.Shortlist) + "]");
        json.WriteStartArray("pairs");
        foreach (var pair in result.Pairs)
        {
            json.WriteRawValue($"[{pair.A},{pair.B},{pair.Objective},{Text(pair.Probability)}]");
        }

        json.WriteEndArray();
    }

    private static void WritePortfolio(Utf8JsonWriter json, PortfolioResult? portfolio)
    {
        if (portfolio is null)
        {
            json.WriteNull("portfolio");
            return;
        }

        var (heads, rows) = PortfolioText.Table(portfolio);
        json.WriteStartObject("portfolio");
        Texts(json, "sentences", PortfolioText.Sentences(portfolio));
        Texts(json, "heads", heads);
        json.WriteStartArray("rows");
        foreach (var row in rows)
        {
            json.WriteStartArray();
            foreach (var cell in row)
            {
                json.WriteStringValue(cell);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        Texts(json, "switching", PortfolioText.Switching(portfolio));

        // What each side takes: money where all of it is priced, else GPUs.
        json.WriteStartArray("sides");
        if (portfolio is { Shared: { } shared, Together: { } together })
        {
            var priced = double.IsFinite(shared.HourPrice) && double.IsFinite(together.HourPrice);
            Side("one for all", [(shared.Title, shared.Gpus, shared.HourPrice)]);
            Side("one for each class", portfolio.Deployments.Select(d => (d.Class.Name, d.Own.Gpus, d.HourPrice)));

            void Side(string name, IEnumerable<(string Name, int Gpus, double Price)> parts)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteStartArray("parts");
                foreach (var (part, gpus, price) in parts)
                {
                    json.WriteStartObject();
                    json.WriteString("name", part);
                    json.WriteString("told", priced ? PortfolioText.Dollars(price) + " an hour" : PortfolioText.Gpus(gpus));
                    Number(json, "value", priced ? price : gpus);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTimelines(Utf8JsonWriter json, TuningResult result, IReadOnlyDictionary<int, RunSummary>? summaries)
    {
        json.WriteStartObject("timelines");
        foreach (var number in result.Shortlist)
        {
            if (summaries is null || !summaries.TryGetValue(number, out var summary) || summary.Timeline.Arrivals.Count == 0)
            {
                continue;
            }

            var timeline = summary.Timeline;
            var joined = (timeline.Arrivals.Count + BinsMax - 1) / BinsMax;
            var seconds = joined * (timeline.WidthNanoseconds / 1e9);
            json.WriteStartObject(number.ToString(CultureInfo.InvariantCulture));
            Number(json, "bin_seconds", seconds);
            Bins("arrivals", timeline.Arrivals.Count, i => timeline.Arrivals[i], 1 / seconds);
            Bins("output_tokens", timeline.Arrivals.Count, i => timeline.OutputTokens[i], 1 / seconds);
            Bins("running", timeline.Running.Count, i => timeline.Running[i], 1.0 / joined);
            Bins("waiting", timeline.Waiting.Count, i => timeline.Waiting[i], 1.0 / joined);
            Bins("kv_cache_usage", timeline.KvUsage.Count, i => timeline.KvUsage[i], 1.0 / joined);
            Bins("replicas", timeline.Replicas.Count, i => timeline.Replicas[i], 1.0 / joined);
            json.WriteEndObject();

            void Bins(string name, int count, Func<int, double> of, double factor)
            {
                var text = new StringBuilder("[");
                for (var first = 0; first < count; first += joined)
                {
                    var end = Math.Min(count, first + joined);
                    double sum = 0;
                    for (var i = first; i < end; i++)
                    {
                        sum += of(i);
                    }

                    // The last bin may have fewer parts.
                    text.Append(first == 0 ? "" : ",").Append(Text(sum * factor * joined / (end - first)));
                }

                json.WritePropertyName(name);
                json.WriteRawValue(text.Append(']').ToString());
            }
        }

        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void Whole(Utf8JsonWriter json, string name, List<CandidateResult> candidates, Func<CandidateResult, int> of)
    {
        json.WritePropertyName(name);
        json.WriteRawValue("[" + string.Join(',', candidates.Select(of)) + "]");
    }

    private static void Numbers(Utf8JsonWriter json, string name, List<CandidateResult> candidates, Func<CandidateResult, double> of)
    {
        var bytes = new byte[candidates.Count * 3];
        Span<byte> whole = stackalloc byte[4];
        for (var i = 0; i < candidates.Count; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits((float)of(candidates[i]));
            // Rounded, but for what is no number: its bits mean something else.
            BinaryPrimitives.WriteUInt32BigEndian(whole, float.IsFinite(BitConverter.UInt32BitsToSingle(bits)) ? bits + 0x80 : bits);
            whole[..3].CopyTo(bytes.AsSpan(i * 3));
        }

        json.WriteBase64String(name, bytes);
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "null");
    }

    private static string Text(double value) => double.IsFinite(value) ? value.ToString("G6", CultureInfo.InvariantCulture) : "null";
}
