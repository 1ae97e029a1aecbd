using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces;

/// <summary>Reads a trace row by row, in file order, in constant memory.</summary>
public interface ITraceReader : IDisposable
{
    /// <summary>The format that is being read.</summary>
    TraceFormat Format { get; }

    /// <summary>Rows that were bad and skipped because the user allowed it, with what was wrong.</summary>
    IReadOnlyList<Problem> Skipped { get; }

    /// <summary>How many bad rows were skipped; a row may have several problems.</summary>
    long SkippedRows { get; }

    /// <summary>
    /// What the format's rules left out, in words ("12 warm-up records left out"), complete once the end was reached. Not
    /// errors, but the user is told.
    /// </summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Reads the next row into <paramref name="record"/>; false at the end.</summary>
    /// <exception cref="InputException">The input is damaged, or has more bad rows than tolerated. Names file, line and field.</exception>
    bool Read(TraceRecord record);
}
