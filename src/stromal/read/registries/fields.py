"""The objects, fields and values of the ClinicalTrials.gov API v2, version 2.0.5, as plain facts.

Takes nothing; gives two tables. A field is written `name`, `name:Kind` (`str` where none is named) or `name:Kind*` for
a list; a kind is plain (`str int bool float date`), another object, or a list of values. `schema` makes them a checker.
"""

OBJECTS = {
    "Study": (
        "protocolSection:ProtocolSection resultsSection:ResultsSection annotationSection:AnnotationSection "
        "documentSection:DocumentSection derivedSection:DerivedSection hasResults:bool"
    ),
    "ProtocolSection": (
        "identificationModule:IdentificationModule statusModule:StatusModule "
        "sponsorCollaboratorsModule:SponsorCollaboratorsModule oversightModule:OversightModule "
        "descriptionModule:DescriptionModule conditionsModule:ConditionsModule designModule:DesignModule "
        "armsInterventionsModule:ArmsInterventionsModule outcomesModule:OutcomesModule "
        "eligibilityModule:EligibilityModule contactsLocationsModule:ContactsLocationsModule "
        "referencesModule:ReferencesModule ipdSharingStatementModule:IpdSharingStatementModule"
    ),
    "ResultsSection": (
        "participantFlowModule:ParticipantFlowModule baselineCharacteristicsModule:BaselineCharacteristicsModule "
        "outcomeMeasuresModule:OutcomeMeasuresModule adverseEventsModule:AdverseEventsModule "
        "moreInfoModule:MoreInfoModule"
    ),
    "AnnotationSection": "annotationModule:AnnotationModule",
    "DocumentSection": "largeDocumentModule:LargeDocumentModule",
    "DerivedSection": (
        "miscInfoModule:MiscInfoModule conditionBrowseModule:BrowseModule interventionBrowseModule:BrowseModule"
    ),
    "IdentificationModule": (
        "nctId nctIdAliases* orgStudyIdInfo:OrgStudyIdInfo secondaryIdInfos:SecondaryIdInfo* briefTitle officialTitle "
        "acronym organization:Organization"
    ),
    "StatusModule": (
        "statusVerifiedDate overallStatus:Status lastKnownStatus:Status delayedPosting:bool whyStopped "
        "expandedAccessInfo:ExpandedAccessInfo startDateStruct:PartialDateStruct "
        "primaryCompletionDateStruct:PartialDateStruct completionDateStruct:PartialDateStruct "
        "studyFirstSubmitDate:date studyFirstSubmitQcDate:date studyFirstPostDateStruct:DateStruct resultsWaived:bool "
        "resultsFirstSubmitDate:date resultsFirstSubmitQcDate:date resultsFirstPostDateStruct:DateStruct "
        "dispFirstSubmitDate:date dispFirstSubmitQcDate:date dispFirstPostDateStruct:DateStruct "
        "lastUpdateSubmitDate:date lastUpdatePostDateStruct:DateStruct"
    ),
    "SponsorCollaboratorsModule": "responsibleParty:ResponsibleParty leadSponsor:Sponsor collaborators:Sponsor*",
    "OversightModule": (
        "oversightHasDmc:bool isFdaRegulatedDrug:bool isFdaRegulatedDevice:bool isUnapprovedDevice:bool isPpsd:bool "
        "isUsExport:bool fdaaa801Violation:bool"
    ),
    "DescriptionModule": "briefSummary detailedDescription",
    "ConditionsModule": "conditions* keywords*",
    "DesignModule": (
        "studyType:StudyType nPtrsToThisExpAccNctId:int expandedAccessTypes:ExpandedAccessTypes patientRegistry:bool "
        "targetDuration phases:Phase* designInfo:DesignInfo bioSpec:BioSpec enrollmentInfo:EnrollmentInfo"
    ),
    "ArmsInterventionsModule": "armGroups:ArmGroup* interventions:Intervention*",
    "OutcomesModule": "primaryOutcomes:Outcome* secondaryOutcomes:Outcome* otherOutcomes:Outcome*",
    "EligibilityModule": (
        "eligibilityCriteria healthyVolunteers:bool sex:Sex genderBased:bool genderDescription minimumAge maximumAge "
        "stdAges:StandardAge* studyPopulation samplingMethod:SamplingMethod"
    ),
    "ContactsLocationsModule": "centralContacts:Contact* overallOfficials:Official* locations:Location*",
    "ReferencesModule": "references:Reference* seeAlsoLinks:SeeAlsoLink* availIpds:AvailIpd*",
    "IpdSharingStatementModule": (
        "ipdSharing:IpdSharing description infoTypes:IpdSharingInfoType* timeFrame accessCriteria url"
    ),
    "ParticipantFlowModule": (
        "preAssignmentDetails recruitmentDetails typeUnitsAnalyzed groups:FlowGroup* periods:FlowPeriod*"
    ),
    "BaselineCharacteristicsModule": (
        "populationDescription typeUnitsAnalyzed groups:MeasureGroup* denoms:Denom* measures:BaselineMeasure*"
    ),
    "OutcomeMeasuresModule": "outcomeMeasures:OutcomeMeasure*",
    "AdverseEventsModule": (
        "frequencyThreshold timeFrame description allCauseMortalityComment eventGroups:EventGroup* "
        "seriousEvents:AdverseEvent* otherEvents:AdverseEvent*"
    ),
    "MoreInfoModule": (
        "limitationsAndCaveats:LimitationsAndCaveats certainAgreement:CertainAgreement pointOfContact:PointOfContact"
    ),
    "AnnotationModule": "unpostedAnnotation:UnpostedAnnotation violationAnnotation:ViolationAnnotation",
    "LargeDocumentModule": "noSap:bool largeDocs:LargeDoc*",
    "MiscInfoModule": "versionHolder:date removedCountries* submissionTracking:SubmissionTracking",
    "BrowseModule": "meshes:Mesh* ancestors:Mesh* browseLeaves:BrowseLeaf* browseBranches:BrowseBranch*",
    "OrgStudyIdInfo": "id type:OrgStudyIdType link",
    "SecondaryIdInfo": "id type:SecondaryIdType domain link",
    "Organization": "fullName class:AgencyClass",
    "ExpandedAccessInfo": "hasExpandedAccess:bool nctId statusForNctId:ExpandedAccessStatus",
    "PartialDateStruct": "date type:DateType",
    "DateStruct": "date:date type:DateType",
    "ResponsibleParty": (
        "type:ResponsiblePartyType investigatorFullName investigatorTitle investigatorAffiliation oldNameTitle "
        "oldOrganization"
    ),
    "Sponsor": "name class:AgencyClass",
    "ExpandedAccessTypes": "individual:bool intermediate:bool treatment:bool",
    "DesignInfo": (
        "allocation:DesignAllocation interventionModel:InterventionalAssignment interventionModelDescription "
        "primaryPurpose:PrimaryPurpose observationalModel:ObservationalModel timePerspective:DesignTimePerspective "
        "maskingInfo:MaskingBlock"
    ),
    "BioSpec": "retention:BioSpecRetention description",
    "EnrollmentInfo": "count:int type:EnrollmentType",
    "ArmGroup": "label type:ArmGroupType description interventionNames*",
    "Intervention": "type:InterventionType name description armGroupLabels* otherNames*",
    "Outcome": "measure description timeFrame",
    "Contact": "name role:ContactRole phone phoneExt email",
    "Official": "name affiliation role:OfficialRole",
    "Location": "facility status:RecruitmentStatus city state zip country contacts:Contact* geoPoint:GeoPoint",
    "Reference": "pmid type:ReferenceType citation retractions:Retraction*",
    "SeeAlsoLink": "label url",
    "AvailIpd": "id type url comment",
    "FlowGroup": "id title description",
    "FlowPeriod": "title milestones:FlowMilestone* dropWithdraws:DropWithdraw*",
    "MeasureGroup": "id title description",
    "Denom": "units counts:DenomCount*",
    "BaselineMeasure": (
        "title description populationDescription paramType:MeasureParam dispersionType:MeasureDispersionType "
        "unitOfMeasure calculatePct:bool denomUnitsSelected denoms:Denom* classes:MeasureClass*"
    ),
    "OutcomeMeasure": (
        "type:OutcomeMeasureType title description populationDescription reportingStatus:ReportingStatus "
        "anticipatedPostingDate paramType:MeasureParam dispersionType unitOfMeasure calculatePct:bool timeFrame "
        "typeUnitsAnalyzed denomUnitsSelected groups:MeasureGroup* denoms:Denom* classes:MeasureClass* "
        "analyses:MeasureAnalysis*"
    ),
    "EventGroup": (
        "id title description deathsNumAffected:int deathsNumAtRisk:int seriousNumAffected:int seriousNumAtRisk:int "
        "otherNumAffected:int otherNumAtRisk:int"
    ),
    "AdverseEvent": "term organSystem sourceVocabulary assessmentType:EventAssessment notes stats:EventStats*",
    "LimitationsAndCaveats": "description",
    "CertainAgreement": (
        "piSponsorEmployee:bool restrictionType:AgreementRestrictionType restrictiveAgreement:bool otherDetails"
    ),
    "PointOfContact": "title organization email phone phoneExt",
    "UnpostedAnnotation": "unpostedResponsibleParty unpostedEvents:UnpostedEvent*",
    "ViolationAnnotation": "violationEvents:ViolationEvent*",
    "LargeDoc": "typeAbbrev hasProtocol:bool hasSap:bool hasIcf:bool label date:date uploadDate filename size:int",
    "SubmissionTracking": (
        "estimatedResultsFirstSubmitDate:date firstMcpInfo:FirstMcpInfo submissionInfos:SubmissionInfo*"
    ),
    "Mesh": "id term",
    "BrowseLeaf": "id name asFound relevance:BrowseLeafRelevance",
    "BrowseBranch": "abbrev name",
    "MaskingBlock": "masking:DesignMasking maskingDescription whoMasked:WhoMasked*",
    "GeoPoint": "lat:float lon:float",
    "Retraction": "pmid source",
    "FlowMilestone": "type comment achievements:FlowStats*",
    "DropWithdraw": "type comment reasons:FlowStats*",
    "DenomCount": "groupId value",
    "MeasureClass": "title denoms:Denom* categories:MeasureCategory*",
    "MeasureAnalysis": (
        "paramType paramValue dispersionType:AnalysisDispersionType dispersionValue statisticalMethod "
        "statisticalComment pValue pValueComment ciNumSides:ConfidenceIntervalNumSides ciPctValue ciLowerLimit "
        "ciUpperLimit ciLowerLimitComment ciUpperLimitComment estimateComment testedNonInferiority:bool "
        "nonInferiorityType:NonInferiorityType nonInferiorityComment otherAnalysisDescription groupDescription "
        "groupIds*"
    ),
    "EventStats": "groupId numEvents:int numAffected:int numAtRisk:int",
    "UnpostedEvent": "type:UnpostedEventType date:date dateUnknown:bool",
    "ViolationEvent": (
        "type:ViolationEventType description creationDate:date issuedDate:date releaseDate:date postedDate:date"
    ),
    "FirstMcpInfo": "postDateStruct:DateStruct",
    "SubmissionInfo": "releaseDate:date unreleaseDate:date unreleaseDateUnknown:bool resetDate:date mcpReleaseN:int",
    "FlowStats": "groupId comment numSubjects numUnits",
    "MeasureCategory": "title measurements:Measurement*",
    "Measurement": "groupId value spread lowerLimit upperLimit comment",
}
"""Every object of a record by name, with its fields."""

VALUES = {
    "AgencyClass": "NIH FED OTHER_GOV INDIV INDUSTRY NETWORK AMBIG OTHER UNKNOWN",
    "AgreementRestrictionType": "LTE60 GT60 OTHER",
    "AnalysisDispersionType": "STANDARD_DEVIATION STANDARD_ERROR_OF_MEAN",
    "ArmGroupType": "EXPERIMENTAL ACTIVE_COMPARATOR PLACEBO_COMPARATOR SHAM_COMPARATOR NO_INTERVENTION OTHER",
    "BioSpecRetention": "NONE_RETAINED SAMPLES_WITH_DNA SAMPLES_WITHOUT_DNA",
    "BrowseLeafRelevance": "LOW HIGH",
    "ConfidenceIntervalNumSides": "ONE_SIDED TWO_SIDED",
    "ContactRole": "STUDY_CHAIR STUDY_DIRECTOR PRINCIPAL_INVESTIGATOR SUB_INVESTIGATOR CONTACT",
    "DateType": "ACTUAL ESTIMATED",
    "DesignAllocation": "RANDOMIZED NON_RANDOMIZED NA",
    "DesignMasking": "NONE SINGLE DOUBLE TRIPLE QUADRUPLE",
    "DesignTimePerspective": "RETROSPECTIVE PROSPECTIVE CROSS_SECTIONAL OTHER",
    "EnrollmentType": "ACTUAL ESTIMATED",
    "EventAssessment": "NON_SYSTEMATIC_ASSESSMENT SYSTEMATIC_ASSESSMENT",
    "ExpandedAccessStatus": "AVAILABLE NO_LONGER_AVAILABLE TEMPORARILY_NOT_AVAILABLE APPROVED_FOR_MARKETING",
    "InterventionType": (
        "BEHAVIORAL BIOLOGICAL COMBINATION_PRODUCT DEVICE DIAGNOSTIC_TEST DIETARY_SUPPLEMENT DRUG GENETIC PROCEDURE "
        "RADIATION OTHER"
    ),
    "InterventionalAssignment": "SINGLE_GROUP PARALLEL CROSSOVER FACTORIAL SEQUENTIAL",
    "IpdSharing": "YES NO UNDECIDED",
    "IpdSharingInfoType": "STUDY_PROTOCOL SAP ICF CSR ANALYTIC_CODE",
    "MeasureDispersionType": (
        "NA STANDARD_DEVIATION STANDARD_ERROR INTER_QUARTILE_RANGE FULL_RANGE CONFIDENCE_80 CONFIDENCE_90 "
        "CONFIDENCE_95 CONFIDENCE_975 CONFIDENCE_99 CONFIDENCE_OTHER GEOMETRIC_COEFFICIENT"
    ),
    "MeasureParam": (
        "GEOMETRIC_MEAN GEOMETRIC_LEAST_SQUARES_MEAN LEAST_SQUARES_MEAN LOG_MEAN MEAN MEDIAN NUMBER "
        "COUNT_OF_PARTICIPANTS COUNT_OF_UNITS"
    ),
    "NonInferiorityType": (
        "SUPERIORITY NON_INFERIORITY EQUIVALENCE OTHER NON_INFERIORITY_OR_EQUIVALENCE SUPERIORITY_OR_OTHER "
        "NON_INFERIORITY_OR_EQUIVALENCE_LEGACY SUPERIORITY_OR_OTHER_LEGACY"
    ),
    "ObservationalModel": (
        "COHORT CASE_CONTROL CASE_ONLY CASE_CROSSOVER ECOLOGIC_OR_COMMUNITY FAMILY_BASED DEFINED_POPULATION "
        "NATURAL_HISTORY OTHER"
    ),
    "OfficialRole": "STUDY_CHAIR STUDY_DIRECTOR PRINCIPAL_INVESTIGATOR SUB_INVESTIGATOR",
    "OrgStudyIdType": "NIH FDA VA CDC AHRQ SAMHSA",
    "OutcomeMeasureType": "PRIMARY SECONDARY OTHER_PRE_SPECIFIED POST_HOC",
    "Phase": "NA EARLY_PHASE1 PHASE1 PHASE2 PHASE3 PHASE4",
    "PrimaryPurpose": (
        "TREATMENT PREVENTION DIAGNOSTIC ECT SUPPORTIVE_CARE SCREENING HEALTH_SERVICES_RESEARCH BASIC_SCIENCE "
        "DEVICE_FEASIBILITY OTHER"
    ),
    "RecruitmentStatus": (
        "ACTIVE_NOT_RECRUITING COMPLETED ENROLLING_BY_INVITATION NOT_YET_RECRUITING RECRUITING SUSPENDED TERMINATED "
        "WITHDRAWN AVAILABLE"
    ),
    "ReferenceType": "BACKGROUND RESULT DERIVED",
    "ReportingStatus": "NOT_POSTED POSTED",
    "ResponsiblePartyType": "SPONSOR PRINCIPAL_INVESTIGATOR SPONSOR_INVESTIGATOR",
    "SamplingMethod": "PROBABILITY_SAMPLE NON_PROBABILITY_SAMPLE",
    "SecondaryIdType": "NIH FDA VA CDC AHRQ SAMHSA OTHER_GRANT EUDRACT_NUMBER CTIS REGISTRY OTHER",
    "Sex": "FEMALE MALE ALL",
    "StandardAge": "CHILD ADULT OLDER_ADULT",
    "Status": (
        "ACTIVE_NOT_RECRUITING COMPLETED ENROLLING_BY_INVITATION NOT_YET_RECRUITING RECRUITING SUSPENDED TERMINATED "
        "WITHDRAWN AVAILABLE NO_LONGER_AVAILABLE TEMPORARILY_NOT_AVAILABLE APPROVED_FOR_MARKETING WITHHELD UNKNOWN"
    ),
    "StudyType": "EXPANDED_ACCESS INTERVENTIONAL OBSERVATIONAL",
    "UnpostedEventType": "RESET RELEASE UNRELEASE",
    "ViolationEventType": (
        "VIOLATION_IDENTIFIED CORRECTION_CONFIRMED PENALTY_IMPOSED ISSUES_IN_LETTER_ADDRESSED_CONFIRMED"
    ),
    "WhoMasked": "PARTICIPANT CARE_PROVIDER INVESTIGATOR OUTCOMES_ASSESSOR",
}
"""Every kind of field that holds one of a list of values, with these values."""
