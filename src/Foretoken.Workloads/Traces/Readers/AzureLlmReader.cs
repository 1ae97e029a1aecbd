using Foretoken.Workloads.Traces.Input;

namespace Foretoken.Workloads.Traces.Readers;

/// <summary>
/// Azure LLM inference traces of 2023 and 2024: <c>TIMESTAMP,ContextTokens,GeneratedTokens</c>. Times have up to nine
/// fractional digits and may carry a zone (2024); the date itself is not kept.
/// </summary>
internal sealed class AzureLlmReader(RecordScanner scanner, TraceReadOptions options)
    : CsvTraceReader(scanner, options, TraceFormat.AzureLlm, Columns, 3)
{
    /// <summary>The header.</summary>
    public static readonly string[] Columns = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

    protected override void ParseRow(ReadOnlySpan<byte> row, TraceRecord record)
    {
        record.InputTokens = Tokens(row, 1, record);
        record.OutputTokens = Tokens(row, 2, record);
        var text = Field(row, 0);
        if (CalendarTime.TryParse(text, out var nanoseconds))
        {
            Order.Place(record, nanoseconds, Columns[0]);
        }
        else
        {
            Problems.Add(record.Line, Columns[0], text.IsEmpty ? "is missing" : $"{RowProblems.Show(text)} is not a date and time", "like 2023-11-16 18:17:03.9799600, optionally with +00:00");
        }
    }
}
