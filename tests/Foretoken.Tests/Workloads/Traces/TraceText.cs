using System.Text;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Workloads.Traces;

/// <summary>Shorthands for tests that read traces from text.</summary>
internal static class TraceText
{
    public static ITraceReader Open(string text, TraceReadOptions? options = null) => Open(Encoding.UTF8.GetBytes(text), options);

    public static ITraceReader Open(byte[] bytes, TraceReadOptions? options = null) => TraceFiles.Open(new MemoryStream(bytes), "t", options);

    public static List<Row> Rows(string text, TraceReadOptions? options = null) => Rows(Open(text, options));

    public static List<Row> Rows(ITraceReader reader)
    {
        using (reader)
        {
            var rows = new List<Row>();
            var record = new TraceRecord();
            while (reader.Read(record))
            {
                rows.Add(Row.Of(record));
            }

            return rows;
        }
    }

    /// <summary>The problems, one per line, that reading the text ends with; empty when it reads.</summary>
    public static string[] Problems(string text, TraceReadOptions? options = null)
    {
        try
        {
            Rows(text, options);
            return [];
        }
        catch (InputException e)
        {
            return [.. e.Problems.Select(p => p.ToString())];
        }
    }
}

/// <summary>A record as a value, for comparisons.</summary>
internal sealed record Row(
    SimTime? Arrival, SimDuration? Delay, int Input, int Output, int Priority, string? Session, string? Request, int Block, int Known, string Ids, string? Class = null)
{
    public static Row Of(TraceRecord r) =>
        new(r.Arrival, r.Delay, r.InputTokens, r.OutputTokens, r.Priority, r.SessionId, r.RequestId, r.HashBlockTokens, r.KnownTokens, string.Join(' ', r.HashIds), r.Class);
}
