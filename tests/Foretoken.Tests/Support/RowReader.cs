using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tests.Support;

/// <summary>A trace "file" made of rows in memory.</summary>
internal sealed class RowReader(IReadOnlyList<TraceRecord> rows) : ITraceReader
{
    private int _next;

    public TraceFormat Format => TraceFormat.Mooncake;

    public IReadOnlyList<Problem> Skipped => [];

    public long SkippedRows => 0;

    public IReadOnlyList<string> Notes => [];

    public bool Read(TraceRecord record)
    {
        if (_next == rows.Count)
        {
            return false;
        }

        var row = rows[_next++];
        record.Clear();
        record.Arrival = row.Arrival;
        record.Delay = row.Delay;
        record.InputTokens = row.InputTokens;
        record.OutputTokens = row.OutputTokens;
        record.Priority = row.Priority;
        record.SessionId = row.SessionId;
        record.HashBlockTokens = row.HashBlockTokens;
        record.KnownTokens = row.KnownTokens;
        record.HashIds.AddRange(row.HashIds);
        record.Line = _next;
        return true;
    }

    public void Dispose()
    {
    }
}
