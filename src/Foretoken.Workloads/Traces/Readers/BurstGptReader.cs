using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// BurstGPT: <c>Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type</c>, times in seconds. Where the file
/// has a <c>Session ID</c>, rows of one session are its turns. Models and kinds of log are told apart where a column is named as the class.
/// </summary>
internal sealed class BurstGptReader(RecordScanner scanner, TraceReadOptions options)
    : CsvTraceReader(scanner, options, TraceFormat.BurstGpt, Columns, 3)
{
    /// <summary>The columns that are used.</summary>
    public static readonly string[] Columns = ["Timestamp", "Request tokens", "Response tokens", "Session ID"];

    protected override void ParseRow(ReadOnlySpan<byte> row, TraceRecord record)
    {
        record.InputTokens = Tokens(row, 1, record);
        record.OutputTokens = Tokens(row, 2, record);
        var session = Field(row, 3);
        if (!session.IsEmpty)
        {
            record.SessionId = Order.Name(session);
        }

        var text = Field(row, 0);
        if (ExactTime.TryParse(text, 1_000_000_000, out var nanoseconds))
        {
            Order.Place(record, nanoseconds, Columns[0]);
        }
        else
        {
            Problems.Add(record.Line, Columns[0], text.IsEmpty ? "is missing" : $"{RowProblems.Show(text)} is not a time", "seconds from 0, fractions allowed");
        }
    }
}
