using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>A request in virtual time: the scheduler's view and the record that it will leave behind.</summary>
internal sealed class SgLangReplicaRequest(in RequestSpec request, BlockKeys pageKeys, BlockKeys tokenKeys)
    : SgLangRequest(request.InputTokens, request.OutputTokens, pageKeys, tokenKeys)
{
    /// <summary>What becomes of it; handed to the recorder when it ends.</summary>
    public RequestRecord Record = New(request.Index);

    /// <summary>Its number in the run.</summary>
    public int Index { get; } = request.Index;

    /// <summary>A record in which nothing has happened yet.</summary>
    public static RequestRecord New(int index) => new()
    {
        Index = index,
        Scheduled = SimTime.Never,
        FirstToken = SimTime.Never,
        SecondToken = SimTime.Never,
        LastToken = SimTime.Never,
    };

    /// <summary>A token reaches the client.</summary>
    public void Deliver(SimTime now, LogHistogram gaps)
    {
        if (Record.OutputTokens > 0)
        {
            gaps.Add((now - Record.LastToken).Nanoseconds);
        }

        Record.OutputTokens++;
        Record.LastToken = now;
        if (Record.OutputTokens == 1)
        {
            Record.FirstToken = now;
        }
        else if (Record.OutputTokens == 2)
        {
            Record.SecondToken = now;
        }
    }
}
