using System.Globalization;

namespace Foretoken.Workloads.Traces.Writers;

/// <summary>Azure's three columns. Times are counted from an arbitrary day, because a trace does not know its date.</summary>
internal sealed class AzureLlmWriter(AtomicOutput output, string name) : TraceWriter(output, name, TraceFormat.AzureLlm)
{
    private static readonly DateTime Day = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    protected override void WriteRow(TraceRecord record)
    {
        if (Rows == 0)
        {
            Text("TIMESTAMP,ContextTokens,GeneratedTokens\n");
        }

        var arrival = Arrival(record).Nanoseconds;
        Lose(arrival % 100 != 0, "times finer than 100 ns");
        Lose(record.SessionId is not null, "sessions");
        Lose(record.Delay is not null, "delays between turns");
        Lose(record.Priority != 0, "priorities");
        Lose(record.Class is not null, "classes");
        Lose(record.RequestId is not null, "request names");
        Lose(record.HashIds.Count > 0, "hash ids");
        Text(string.Create(CultureInfo.InvariantCulture, $"{Day.AddTicks(arrival / 100):yyyy-MM-dd HH:mm:ss.fffffff},{record.InputTokens},{record.OutputTokens}\n"));
    }
}

/// <summary>BurstGPT's columns, with the session column of its later release. Model and log type are made up.</summary>
internal sealed class BurstGptWriter(AtomicOutput output, string name) : TraceWriter(output, name, TraceFormat.BurstGpt)
{
    protected override void WriteRow(TraceRecord record)
    {
        if (Rows == 0)
        {
            Text("Timestamp,Session ID,Model,Request tokens,Response tokens,Total tokens,Log Type\n");
        }

        var arrival = Arrival(record);
        Lose(record.Delay is not null, "delays between turns");
        Lose(record.Priority != 0, "priorities");
        Lose(record.Class is not null, "classes");
        Lose(record.RequestId is not null, "request names");
        Lose(record.HashIds.Count > 0, "hash ids");
        var log = record.SessionId is null ? "API log" : "Conversation log";
        Text(string.Create(
            CultureInfo.InvariantCulture,
            $"{Decimal(arrival.Nanoseconds, 1_000_000_000)},{Quoted(record.SessionId)},unknown,{record.InputTokens},{record.OutputTokens},{(long)record.InputTokens + record.OutputTokens},{log}\n"));
    }

    private string Quoted(string? session)
    {
        if (session is null)
        {
            return "";
        }

        // Line ends would break the row; blanks at the ends would be trimmed away on reading.
        var clean = session.ReplaceLineEndings(" ").Trim();
        Lose(clean != session, "line ends and outer blanks in session names");
        return clean.AsSpan().IndexOfAny(',', '"') < 0 ? clean : "\"" + clean.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }
}
