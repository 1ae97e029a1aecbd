using Foretoken.Kernel.Events;
using Foretoken.Quantities;

namespace Foretoken.Twin.Running;

/// <summary>
/// Something beside replicas and arrivals that acts during a run: transfers, scalers, planned changes. The loop lets everyone
/// act in time order and, at equal times, in the order of <see cref="Kernel.Events.Phase"/>.
/// </summary>
internal interface IRunPart
{
    /// <summary>When it acts next; <see cref="SimTime.Never"/> when nothing is due. May change whenever something else happens.</summary>
    SimTime Next { get; }

    /// <summary>Its place among what happens at the same time.</summary>
    Phase Phase { get; }

    /// <summary>Acts. <paramref name="now"/> is <see cref="Next"/>.</summary>
    void Act(SimTime now);
}

/// <summary>Hears how requests end, in the order in which they do. Only in runs that go event by event.</summary>
internal interface IEndListener
{
    /// <summary>A request reached its outcome.</summary>
    void Ended(int worker, in Engines.Replicas.RequestRecord record, SimTime at);
}
